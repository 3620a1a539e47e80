//! `Async`: any descriptor.

use super::direction::{self, Operation};
use super::source::Source;
use super::until::Until;
use crate::base::seats::Seat;
use crate::context::Context;
use crate::poll::Side;
use crate::spawn::start;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

/// A descriptor whose waits park the goroutine: for pipes, timers, devices, and handles of other crates.
///
/// Operations of one direction come one after the other; reading and writing do not wait for each other. Each tries
/// first and waits only if the descriptor is not ready. Outside of a goroutine a wait blocks the thread.
///
/// ```
/// use gochan::net::Async;
/// use std::io::{Read, Write};
///
/// let (reader, mut writer) = std::io::pipe()?;
/// let reading = gochan::go!(move || -> std::io::Result<String> {
///     let mut reader = Async::new(reader)?;
///     let mut text = String::new();
///     reader.read_to_string(&mut text)?;
///     Ok(text)
/// }());
/// writer.write_all(b"through a pipe")?;
/// drop(writer);
/// assert_eq!(reading.join().unwrap()?, "through a pipe");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Async<T: AsFd>(pub(super) Arc<Source<T>>);

impl<T: AsFd> Async<T> {
    /// Takes over `io` and makes its descriptor non-blocking. So are then all duplicates of the descriptor, also in
    /// other processes: do not pass standard input or output.
    ///
    /// # Errors
    /// The system refuses to change the mode.
    pub fn new(io: T) -> io::Result<Async<T>> {
        set_nonblocking(io.as_fd(), true)?;
        Ok(Async::of(io))
    }

    /// `io` does not block.
    pub(super) fn of(io: T) -> Async<T> {
        Async(Arc::new(Source::new(io, Seat::none())))
    }

    /// `io` has been accepted, and does not block. The next goroutine that the acceptor starts is to serve it.
    pub(super) fn accepted(io: T) -> Async<T> {
        Async(Arc::new(Source::new(io, start::seat_next())))
    }

    /// Another handle of the same source.
    pub(super) fn handle(&self) -> Async<T> {
        Async(self.0.clone())
    }

    /// Waits until the descriptor is readable, or at its end, or has failed.
    ///
    /// Another operation may come first, so the next read may find nothing all the same.
    ///
    /// # Errors
    /// The deadline for reading has passed, a context has ended the wait, or the descriptor is closed or cannot be
    /// waited for.
    #[track_caller]
    pub fn readable(&self) -> io::Result<()> {
        self.0.wait_once(Operation::reading(Location::caller()))
    }

    /// Waits until the descriptor is writable, or has failed. Otherwise as [`readable`](Async::readable).
    ///
    /// # Errors
    /// As for `readable`, with the deadline for writing.
    #[track_caller]
    pub fn writable(&self) -> io::Result<()> {
        self.0.wait_once(Operation::writing(Location::caller()))
    }

    /// Calls `f` with what is inside, once and without waiting. The descriptor stays open meanwhile.
    ///
    /// # Errors
    /// Those of `f`, such as [`WouldBlock`](io::ErrorKind::WouldBlock), or that it is closed.
    pub fn with<R>(&self, f: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        f(self.0.enter()?.io())
    }

    /// Calls `f` until it returns something other than [`WouldBlock`](io::ErrorKind::WouldBlock) or
    /// [`Interrupted`](io::ErrorKind::Interrupted), and waits for readability in between.
    ///
    /// # Errors
    /// Those of `f`, and those of [`readable`](Async::readable).
    #[track_caller]
    pub fn read_with<R>(&self, f: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.0.operate(Operation::reading(Location::caller()), f)
    }

    /// As [`read_with`](Async::read_with), for writing.
    ///
    /// # Errors
    /// Those of `f`, and those of [`writable`](Async::writable).
    #[track_caller]
    pub fn write_with<R>(&self, f: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.0.operate(Operation::writing(Location::caller()), f)
    }

    /// Sets both deadlines; see [`set_read_deadline`](Async::set_read_deadline).
    pub fn set_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
        self.change_deadline(Side::Reading, deadline)?;
        self.change_deadline(Side::Writing, deadline)
    }

    /// The time after which reading fails with [`TimedOut`](io::ErrorKind::TimedOut), until another deadline is set;
    /// `None`: never. It holds for waits that have begun as well, and any goroutine or thread may set it. Never blocks.
    ///
    /// # Errors
    /// It is closed.
    #[doc(alias = "SetReadDeadline")]
    pub fn set_read_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
        self.change_deadline(Side::Reading, deadline)
    }

    /// As [`set_read_deadline`](Async::set_read_deadline), for writing.
    ///
    /// # Errors
    /// It is closed.
    #[doc(alias = "SetWriteDeadline")]
    pub fn set_write_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
        self.change_deadline(Side::Writing, deadline)
    }

    fn change_deadline(&self, side: Side, deadline: Option<Instant>) -> io::Result<()> {
        let _in_flight = self.0.enter()?;
        self.0.direction(side).set_deadline(deadline);
        direction::poke(&self.0.words, side);
        Ok(())
    }

    /// While the guard lives, the end of `ctx` ends every wait, with the error of the context.
    ///
    /// What needs no wait fails as well once the context has ended. The error has the kind
    /// [`TimedOut`](io::ErrorKind::TimedOut) after a deadline and [`Other`](io::ErrorKind::Other) after a
    /// cancellation, with the [`ContextError`](crate::context::ContextError) inside.
    #[track_caller]
    pub fn until(&self, ctx: &Context) -> Until {
        Until::new(ctx, self.0.words.clone())
    }

    /// Ends all operations, those in flight included, with [`Closed`](super::Closed), and closes the descriptor once
    /// the last of them has left. Never blocks.
    ///
    /// If a reference to the descriptor has been given out ([`as_fd`](AsFd::as_fd)), it is closed with the last handle.
    ///
    /// # Errors
    /// It was closed before.
    #[doc(alias = "Close")]
    pub fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    /// Takes out what is inside, which stays non-blocking.
    ///
    /// # Errors
    /// It is closed.
    pub fn into_inner(self) -> io::Result<T> {
        match Arc::try_unwrap(self.0) {
            Ok(source) => source.into_io(),
            Err(_) => unreachable!("there is one handle of an `Async`"),
        }
    }
}

/// # Panics
/// `as_fd` panics if it is closed.
impl<T: AsFd> AsFd for Async<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.lend().expect("as_fd: use of closed network connection").as_fd()
    }
}

/// The number of a closed one is -1.
impl<T: AsFd> AsRawFd for Async<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.0.lend().map_or(-1, |io| io.as_fd().as_raw_fd())
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for Async<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Async").field(&self.0).finish()
    }
}

impl<T: AsFd> Read for &Async<T>
where
    for<'a> &'a T: Read,
{
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_with(|mut io| io.read(buf))
    }

    #[track_caller]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.read_with(|mut io| io.read_vectored(bufs))
    }
}

impl<T: AsFd> Write for &Async<T>
where
    for<'a> &'a T: Write,
{
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_with(|mut io| io.write(buf))
    }

    #[track_caller]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_with(|mut io| io.write_vectored(bufs))
    }

    #[track_caller]
    fn flush(&mut self) -> io::Result<()> {
        self.write_with(|mut io| io.flush())
    }
}

impl<T: AsFd> Async<T> {
    /// As `read_with` and `write_with`, for the only user of the handle.
    fn exclusively<R>(
        &mut self,
        operation: Operation<'_>,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        debug_assert_eq!(
            Arc::strong_count(&self.0),
            1,
            "sockets, which have several handles, do not come here"
        );
        // SAFETY: other operations, and references that were given out, borrow the handle, and this is its only borrow.
        self.0.operate_on(operation, |io| f(unsafe { &mut *io }))
    }
}

impl<T: AsFd + Read> Read for Async<T> {
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.exclusively(Operation::reading(Location::caller()), |io| io.read(buf))
    }

    #[track_caller]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.exclusively(Operation::reading(Location::caller()), |io| io.read_vectored(bufs))
    }
}

impl<T: AsFd + Write> Write for Async<T> {
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.exclusively(Operation::writing(Location::caller()), |io| io.write(buf))
    }

    #[track_caller]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.exclusively(Operation::writing(Location::caller()), |io| io.write_vectored(bufs))
    }

    #[track_caller]
    fn flush(&mut self) -> io::Result<()> {
        self.exclusively(Operation::writing(Location::caller()), Write::flush)
    }
}

/// Sets or clears `O_NONBLOCK`.
pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    let fd = fd.as_raw_fd();
    // SAFETY: two questions to the kernel about an open descriptor.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    let wanted = if nonblocking { flags | libc::O_NONBLOCK } else { flags & !libc::O_NONBLOCK };
    // SAFETY: as above.
    if wanted != flags && unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
