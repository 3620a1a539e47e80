//! A stream within the process.

use super::direction::{Direction, Operation, poke, poke_both};
use super::error;
use super::halves::{Half, ReadHalf, WriteHalf};
use super::until::Until;
use crate::base::clock::Moment;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::context::Context;
use crate::points;
use crate::poll::{Side, Words};
use crate::sched::here;
use crate::sched::worker::poller::wake;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::time::{Duration, Instant};

/// Bytes that are written ahead of their reader.
const ROOM: usize = 64 * 1024;

/// Two ends of a stream within the process: what is written to one is read from the other. For tests of code that is
/// written for streams, and for connections that need no system.
///
/// Up to 64 KiB of each direction are written ahead of their reader; then writing waits. Unlike sockets, pipes work in
/// [virtual time and explorations](mod@crate::test).
///
/// ```
/// use std::io::{Read, Write};
///
/// let (mut client, mut server) = gochan::net::pipe();
/// gochan::go!({
///     let mut name = String::new();
///     server.read_to_string(&mut name).unwrap();
///     write!(server, "hello, {name}").unwrap();
/// });
/// client.write_all(b"gopher")?;
/// client.shutdown(std::net::Shutdown::Write)?;
/// assert_eq!(std::io::read_to_string(client)?, "hello, gopher");
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "net.Pipe")]
#[must_use]
pub fn pipe() -> (Pipe, Pipe) {
    let both = Arc::new(Both { ends: [End::new(), End::new()] });
    let [one, other] = [0, 1].map(|end| Pipe(Arc::new(Handle { both: both.clone(), end })));
    (one, other)
}

/// One end of a [`pipe`]. It is used as a [`TcpStream`](super::TcpStream).
#[derive(Clone)]
pub struct Pipe(Arc<Handle>);

/// What the clones of an end share; its drop closes the end.
struct Handle {
    both: Arc<Both>,
    end: usize,
}

struct Both {
    ends: [End; 2],
}

struct End {
    words: Arc<Words>,
    reading: Direction,
    writing: Direction,
    closed: AtomicBool,
    /// What this end reads.
    incoming: SpinLock<Flow>,
}

struct Flow {
    bytes: VecDeque<u8>,
    /// Nothing more is written.
    ended: bool,
    /// Nothing more is read.
    refused: bool,
}

impl End {
    fn new() -> End {
        End {
            words: Arc::new(Words::new()),
            reading: Direction::new(),
            writing: Direction::new(),
            closed: AtomicBool::new(false),
            incoming: SpinLock::new(Flow { bytes: VecDeque::new(), ended: false, refused: false }),
        }
    }

    fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Reading => &self.reading,
            Side::Writing => &self.writing,
        }
    }

    /// Something has changed for the operations of a direction.
    fn event(&self, side: Side) {
        if let Some(waiter) = self.words.side(side).event() {
            wake(waiter);
        }
    }
}

impl Handle {
    fn this(&self) -> &End {
        &self.both.ends[self.end]
    }

    fn peer(&self) -> &End {
        &self.both.ends[1 - self.end]
    }

    /// Repeats `attempt` until it returns something other than `None`, or something else ends the operation.
    fn operate<R>(
        &self,
        operation: Operation<'_>,
        mut attempt: impl FnMut() -> Option<io::Result<R>>,
    ) -> io::Result<R> {
        let this = self.this();
        let direction = this.direction(operation.side);
        let _turn = direction.turn.take(operation.reason, operation.place);
        let check = |patience| direction.check(&this.words, this.closed.load(SeqCst), &operation, patience);
        check(Moment::NEVER)?;
        let word = this.words.side(operation.side);
        let mut patience = None;
        loop {
            word.begin_attempt();
            if let Some(result) = attempt() {
                here::spend();
                return result;
            }
            let patience = *patience.get_or_insert_with(|| direction.patience());
            direction.park(word, &operation, patience, &|| check(patience));
            if !word.is_ready() || this.closed.load(SeqCst) {
                check(patience)?;
            }
        }
    }

    fn read(&self, buf: &mut [u8], operation: Operation<'_>, take: bool) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let read = self.operate(operation, || {
            let mut flow = self.this().incoming.lock();
            if flow.bytes.is_empty() {
                return (flow.ended || flow.refused).then_some(Ok(0));
            }
            let (first, second) = flow.bytes.as_slices();
            let from_first = first.len().min(buf.len());
            buf[..from_first].copy_from_slice(&first[..from_first]);
            let from_second = second.len().min(buf.len() - from_first);
            buf[from_first..from_first + from_second].copy_from_slice(&second[..from_second]);
            let read = from_first + from_second;
            if take {
                flow.bytes.drain(..read);
            }
            Some(Ok(read))
        })?;
        if take && read > 0 {
            self.peer().event(Side::Writing);
        }
        Ok(read)
    }

    fn write(&self, buf: &[u8], operation: Operation<'_>) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let written = self.operate(operation, || {
            let mut flow = self.peer().incoming.lock();
            if flow.ended || flow.refused {
                return Some(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let room = ROOM - flow.bytes.len();
            if room == 0 {
                return None;
            }
            let written = room.min(buf.len());
            flow.bytes.extend(&buf[..written]);
            Some(Ok(written))
        })?;
        self.peer().event(Side::Reading);
        Ok(written)
    }

    /// Ends a direction for both ends.
    fn end(&self, side: Side) {
        match side {
            Side::Reading => self.this().incoming.lock().refused = true,
            Side::Writing => self.peer().incoming.lock().ended = true,
        }
        let other = match side {
            Side::Reading => Side::Writing,
            Side::Writing => Side::Reading,
        };
        self.this().event(side);
        self.peer().event(other);
    }

    /// False if it was closed before.
    fn close(&self) -> bool {
        if self.this().closed.swap(true, SeqCst) {
            return false;
        }
        self.end(Side::Reading);
        self.end(Side::Writing);
        poke_both(&self.this().words);
        true
    }

    fn check_open(&self) -> io::Result<()> {
        if self.this().closed.load(SeqCst) { Err(error::closed()) } else { Ok(()) }
    }

    fn set_deadline(&self, side: Side, deadline: Option<Instant>) -> io::Result<()> {
        self.check_open()?;
        self.this().direction(side).set_deadline(deadline);
        poke(&self.this().words, side);
        Ok(())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        points::before(|| Touch::EVERYTHING, "drop of Pipe", None);
        self.close();
        points::after("drop of Pipe", None);
    }
}

impl Pipe {
    /// Another handle of the same end, as `clone`.
    ///
    /// # Errors
    /// It is closed.
    pub fn try_clone(&self) -> io::Result<Pipe> {
        self.0.check_open()?;
        Ok(self.clone())
    }

    /// As reading, but what is read stays there.
    ///
    /// # Errors
    /// As for reading.
    #[track_caller]
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let place = Location::caller();
        points::before(|| Touch::EVERYTHING, "Pipe::peek", Some(place));
        let result = self.0.read(buf, Operation::reading(place), false);
        points::after_unpolled("Pipe::peek", Some(place));
        result
    }

    /// Ends one direction or both: the peer reads to the end of what was written, or can write no more.
    ///
    /// # Errors
    /// It is closed.
    #[track_caller]
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        points::around(
            || Touch::EVERYTHING,
            "Pipe::shutdown",
            || {
                self.0.check_open()?;
                if how != Shutdown::Write {
                    self.0.end(Side::Reading);
                }
                if how != Shutdown::Read {
                    self.0.end(Side::Writing);
                }
                Ok(())
            },
        )
    }

    /// Two handles, one for each direction. Dropping the writing half shuts that direction down.
    #[must_use]
    pub fn into_split(self) -> (ReadHalf<Pipe>, WriteHalf<Pipe>) {
        (ReadHalf::new(self.clone()), WriteHalf::new(self))
    }

    /// Sets both deadlines; see [`TcpStream::set_read_deadline`](super::TcpStream::set_read_deadline).
    ///
    /// # Errors
    /// It is closed.
    #[track_caller]
    pub fn set_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
        self.set_read_deadline(deadline)?;
        self.set_write_deadline(deadline)
    }

    /// The time after which reading fails, as
    /// [`TcpStream::set_read_deadline`](super::TcpStream::set_read_deadline).
    ///
    /// # Errors
    /// It is closed.
    #[track_caller]
    pub fn set_read_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
        points::around(
            || Touch::EVERYTHING,
            "Pipe::set_read_deadline",
            || self.0.set_deadline(Side::Reading, deadline),
        )
    }

    /// As [`set_read_deadline`](Pipe::set_read_deadline), for writing.
    ///
    /// # Errors
    /// It is closed.
    #[track_caller]
    pub fn set_write_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
        points::around(
            || Touch::EVERYTHING,
            "Pipe::set_write_deadline",
            || self.0.set_deadline(Side::Writing, deadline),
        )
    }

    /// The longest time that one operation waits to read; `None`: for good.
    ///
    /// # Errors
    /// The timeout is zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.this().reading.set_timeout(timeout)
    }

    /// As [`set_read_timeout`](Pipe::set_read_timeout), for writing.
    ///
    /// # Errors
    /// The timeout is zero.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.this().writing.set_timeout(timeout)
    }

    /// While the guard lives, the end of `ctx` ends every wait; see [`Async::until`](super::Async::until).
    #[track_caller]
    pub fn until(&self, ctx: &Context) -> Until {
        Until::new(ctx, self.0.this().words.clone())
    }

    /// Ends all operations of this end with [`Closed`](super::Closed). The peer reads what was written, and then the
    /// end; its writes fail with [`BrokenPipe`](io::ErrorKind::BrokenPipe). Never blocks.
    ///
    /// # Errors
    /// It was closed before.
    #[track_caller]
    pub fn close(&self) -> io::Result<()> {
        points::around(
            || Touch::EVERYTHING,
            "Pipe::close",
            || if self.0.close() { Ok(()) } else { Err(error::closed()) },
        )
    }
}

impl Read for &Pipe {
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let place = Location::caller();
        points::before(|| Touch::EVERYTHING, "Pipe::read", Some(place));
        let result = self.0.read(buf, Operation::reading(place), true);
        points::after_unpolled("Pipe::read", Some(place));
        result
    }
}

impl Write for &Pipe {
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let place = Location::caller();
        points::before(|| Touch::EVERYTHING, "Pipe::write", Some(place));
        let result = self.0.write(buf, Operation::writing(place));
        points::after_unpolled("Pipe::write", Some(place));
        result
    }

    /// Nothing is buffered on this side.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Pipe {
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }
}

impl Write for Pipe {
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    /// Nothing is buffered on this side.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Half for Pipe {
    fn end_writing(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let this = self.0.this();
        let readable = this.incoming.lock().bytes.len();
        f.debug_struct("Pipe")
            .field("readable", &readable)
            .field("closed", &this.closed.load(SeqCst))
            .finish()
    }
}
