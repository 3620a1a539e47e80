//! A descriptor with what its operations share: who is in the middle of one, whose turn it is, where it is watched.

use super::direction::{self, Direction, Operation, poke_both};
use super::{error, service};
use crate::base::actors::Source as OutsideSource;
use crate::base::clock::{self, Moment};
use crate::base::fork;
use crate::base::lock::lock;
use crate::base::seats::Seat;
use crate::context::StopHandle;
use crate::poll::{Registration, Side, Words};
use crate::sched::goroutine::Goroutine;
use crate::sched::here;
use crate::sched::park::{Parker, may_switch};
use crate::sched::threads;
use crate::sched::worker::Worker;
use std::cell::UnsafeCell;
use std::fmt;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// No operation begins any more.
const CLOSED: u32 = 1 << 31;
/// The program has a reference to the descriptor, so that it lives as long as the source.
const LENT: u32 = 1 << 30;

/// A descriptor that does not block, shared by all handles.
///
/// The state counts the operations in flight. After a close no further one begins, and the last to leave, or the close
/// itself, drops `io`: the number of the descriptor is not used again while an operation is about to use it.
pub(super) struct Source<T: AsFd> {
    state: AtomicU32,
    io: UnsafeCell<ManuallyDrop<T>>,
    reading: Direction,
    writing: Direction,
    registration: Mutex<Option<Registration>>,
    /// Operations return an error instead of waiting.
    nonblocking: AtomicBool,
    seat: Seat,
    pub(super) words: Arc<Words>,
}

// SAFETY: `io` is reached by shared references, except when the last operation drops it.
unsafe impl<T: AsFd + Send + Sync> Sync for Source<T> {}
// SAFETY: as above.
unsafe impl<T: AsFd + Send> Send for Source<T> {}

impl<T: AsFd> UnwindSafe for Source<T> {}
impl<T: AsFd> RefUnwindSafe for Source<T> {}

/// An operation in flight.
pub(super) struct InFlight<'a, T: AsFd>(&'a Source<T>);

impl<T: AsFd> InFlight<'_, T> {
    pub(super) fn io(&self) -> &T {
        // SAFETY: it is dropped only while no operation is in flight.
        unsafe { &*self.0.io.get() }
    }
}

impl<T: AsFd> Drop for InFlight<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release: what this operation did with `io` comes before the drop; Acquire: and so does what the others did.
        if self.0.state.fetch_sub(1, AcqRel) == CLOSED | 1 {
            // SAFETY: it was the last one, and after the close none begins.
            unsafe { self.0.give_back() };
        }
    }
}

impl<T: AsFd> Source<T> {
    /// `io` does not block.
    pub(super) fn new(io: T, seat: Seat) -> Source<T> {
        Source {
            state: AtomicU32::new(0),
            io: UnsafeCell::new(ManuallyDrop::new(io)),
            reading: Direction::new(),
            writing: Direction::new(),
            registration: Mutex::new(None),
            nonblocking: AtomicBool::new(false),
            seat,
            words: Arc::new(Words::new()),
        }
    }

    /// # Safety
    /// No operation is in flight, and none begins. Called once.
    #[cold]
    unsafe fn give_back(&self) {
        // SAFETY: the caller's promise.
        let io = unsafe { ManuallyDrop::take(&mut *self.io.get()) };
        if let Some(registration) = lock(&self.registration).take() {
            // The poller is the parent's, and so is what it watches under this number.
            if !fork::is_forked_child() {
                registration.end(io.as_fd());
            }
        }
        drop(io);
    }

    /// Takes the descriptor out of its last handle.
    ///
    /// # Errors
    /// It is closed.
    pub(super) fn into_io(mut self) -> io::Result<T> {
        if *self.state.get_mut() & CLOSED != 0 {
            return Err(error::closed());
        }
        // SAFETY: the state says from now on that it is gone.
        let io = unsafe { ManuallyDrop::take(self.io.get_mut()) };
        *self.state.get_mut() = CLOSED;
        if let Some(registration) = lock(&self.registration).take()
            && !fork::is_forked_child()
        {
            registration.end(io.as_fd());
        }
        Ok(io)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.load(SeqCst) & CLOSED != 0
    }

    #[inline]
    fn returns_at_once(&self) -> bool {
        self.nonblocking.load(Relaxed)
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) {
        self.nonblocking.store(nonblocking, Relaxed);
    }

    /// Begins an operation.
    ///
    /// # Errors
    /// It is closed.
    #[inline]
    pub(super) fn enter(&self) -> io::Result<InFlight<'_, T>> {
        self.change(|state| state + 1)?;
        Ok(InFlight(self))
    }

    /// Changes the state unless it is closed.
    #[inline]
    fn change(&self, change: impl Fn(u32) -> u32) -> io::Result<()> {
        let mut state = self.state.load(Relaxed);
        loop {
            if state & CLOSED != 0 {
                return Err(error::closed());
            }
            // Acquire: after what the thread did that made the source.
            match self.state.compare_exchange_weak(state, change(state), Acquire, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => state = now,
            }
        }
    }

    /// A reference to what is inside that lives as long as the handle.
    ///
    /// # Errors
    /// It is closed.
    pub(super) fn lend(&self) -> io::Result<&T> {
        self.change(|state| state | LENT)?;
        // SAFETY: once lent, it is dropped with the source.
        Ok(unsafe { &*self.io.get() })
    }

    /// Ends all operations, and gives the descriptor back when the last of them has left.
    pub(super) fn close(&self) -> io::Result<()> {
        // Sequentially consistent: before the look at the waiters, see `direction`.
        let before = self.state.fetch_or(CLOSED, SeqCst);
        if before & CLOSED != 0 {
            return Err(error::closed());
        }
        poke_both(&self.words);
        if before == 0 {
            // SAFETY: no operation was in flight, and none begins.
            unsafe { self.give_back() };
        }
        Ok(())
    }

    #[inline]
    pub(super) fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Reading => &self.reading,
            Side::Writing => &self.writing,
        }
    }

    /// Repeats `attempt`, until it finds the direction ready, an error, or something that ends the operation.
    #[inline]
    pub(super) fn operate<R>(
        &self,
        operation: Operation<'_>,
        mut attempt: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        // SAFETY: what is inside lives as long as an operation is in flight.
        self.operate_on(operation, |io| attempt(unsafe { &*io }))
    }

    /// As `operate`. The pointer is valid during the attempt, and there is no reference but those of other operations.
    #[inline]
    pub(super) fn operate_on<R>(
        &self,
        operation: Operation<'_>,
        mut attempt: impl FnMut(*mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let in_flight = self.enter()?;
        let side = operation.side;
        let direction = self.direction(side);
        let turn = direction.turn.take(operation.reason, operation.place);
        direction.check(&self.words, self.is_closed(), &operation, Moment::NEVER)?;
        let word = self.words.side(side);
        let mut waiting = None;
        loop {
            if word.begin_attempt() || self.returns_at_once() {
                match attempt(self.io.get().cast()) {
                    Ok(result) => {
                        // Others may run now, and are not to wait for this operation.
                        drop(turn);
                        drop(in_flight);
                        here::spend();
                        return Ok(result);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock || self.returns_at_once() => {
                        return Err(error);
                    }
                    Err(_) => {}
                }
            }
            let waiting = waiting.get_or_insert_with(|| self.begin_wait(&operation));
            self.wait(in_flight.io().as_fd(), &operation, waiting)?;
        }
    }

    /// Waits until a direction may be ready, without an attempt.
    pub(super) fn wait_once(&self, operation: Operation<'_>) -> io::Result<()> {
        let in_flight = self.enter()?;
        let direction = self.direction(operation.side);
        let _turn = direction.turn.take(operation.reason, operation.place);
        direction.check(&self.words, self.is_closed(), &operation, Moment::NEVER)?;
        let waiting = self.begin_wait(&operation);
        let fd = in_flight.io().as_fd();
        loop {
            // In this order: an event after the look keeps the wait from parking.
            self.words.side(operation.side).begin_attempt();
            if is_ready(fd, operation.side, Duration::ZERO) {
                here::spend();
                return Ok(());
            }
            self.wait(fd, &operation, &waiting)?;
        }
    }

    /// Waits for `time`, unless something happens in the direction or ends the operation.
    pub(super) fn pause(&self, operation: Operation<'_>, time: Duration) -> io::Result<()> {
        let in_flight = self.enter()?;
        let direction = self.direction(operation.side);
        let _turn = direction.turn.take(operation.reason, operation.place);
        let mut waiting = self.begin_wait(&operation);
        waiting.patience = Moment::now() + time;
        let end = clock::now() + time;
        let waited = self.wait(in_flight.io().as_fd(), &operation, &waiting);
        direction.check(&self.words, self.is_closed(), &operation, Moment::NEVER)?;
        if waited.is_err_and(|error| error.kind() != io::ErrorKind::TimedOut) {
            // It may be the poller that has no descriptor.
            Parker::current().sleep_until(end, operation.reason, operation.place);
        }
        direction.check(&self.words, self.is_closed(), &operation, Moment::NEVER)
    }

    #[cold]
    fn begin_wait(&self, operation: &Operation<'_>) -> Waiting {
        let stop = operation.ctx.filter(|ctx| !ctx.done().is_nil()).map(|ctx| {
            let (words, side) = (self.words.clone(), operation.side);
            ctx.after_func(move || direction::poke(&words, side))
        });
        Waiting { patience: self.direction(operation.side).patience(), stop }
    }

    #[cold]
    #[inline(never)]
    fn wait(&self, fd: BorrowedFd<'_>, operation: &Operation<'_>, waiting: &Waiting) -> io::Result<()> {
        let direction = self.direction(operation.side);
        let patience = waiting.patience;
        let check = || direction.check(&self.words, self.is_closed(), operation, patience);
        if fork::is_forked_child() {
            let id = here::current_id();
            fork::refuse_wait(id, Some(operation.reason), Some(operation.place));
        }
        let worker = Worker::current();
        if let Some(worker) = worker
            && (worker.driver().is_some() || may_switch().is_none())
        {
            // This worker does not poll meanwhile.
            while !is_ready(fd, operation.side, IN_PLACE) {
                check()?;
            }
            return Ok(());
        }
        self.register(fd, worker)?;
        let word = self.words.side(operation.side);
        let _shown = Shown::begin(fd);
        match worker {
            Some(worker) => {
                let _outside = worker.begin_outside_wait();
                direction.park(word, operation, patience, &check);
            }
            None => {
                let _outside = OutsideSource::new();
                direction.park(word, operation, patience, &check);
            }
        }
        // What has become ready before the deadline is there.
        if word.is_ready() && !self.is_closed() { Ok(()) } else { check() }
    }

    /// Has the descriptor watched, if it is not.
    fn register(&self, fd: BorrowedFd<'_>, worker: Option<&'static Worker>) -> io::Result<()> {
        let mut registration = lock(&self.registration);
        if registration.as_ref().is_some_and(Registration::is_live) {
            return Ok(());
        }
        self.seat.change(worker.map(|worker| &worker.remote.spawned.seats));
        if let Some(worker) = worker {
            *registration = worker.poller_home()?.register(fd, &self.words)?;
        }
        if registration.is_none() {
            *registration = service::home()?.register(fd, &self.words)?;
        }
        Ok(())
    }
}

impl<T: AsFd> Drop for Source<T> {
    fn drop(&mut self) {
        let state = *self.state.get_mut();
        if state & CLOSED == 0 || state & LENT != 0 {
            // SAFETY: there is no operation without a reference to the source.
            unsafe { self.give_back() };
        }
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.enter() {
            Ok(in_flight) => in_flight.io().fmt(f),
            Err(_) => f.write_str("(closed)"),
        }
    }
}

/// While it lives, dumps show that the caller waits for a descriptor.
struct Shown;

impl Shown {
    fn begin(fd: BorrowedFd<'_>) -> Shown {
        Shown::tell(Some(fd.as_raw_fd()));
        Shown
    }

    fn tell(descriptor: Option<RawFd>) {
        match Goroutine::current() {
            Some(goroutine) => goroutine.status().wait_for(descriptor),
            None => drop(threads::current().inspect(|status| status.wait_for(descriptor))),
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        Shown::tell(None);
    }
}

/// What the waits of one operation share.
struct Waiting {
    patience: Moment,
    stop: Option<StopHandle>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            stop.stop();
        }
    }
}

/// The longest time between two looks at what ends a wait that holds its thread.
const IN_PLACE: Duration = Duration::from_millis(5);

/// Waits on the thread itself, at most for `time`.
fn is_ready(fd: BorrowedFd<'_>, side: Side, time: Duration) -> bool {
    let events = match side {
        Side::Reading => libc::POLLIN,
        Side::Writing => libc::POLLOUT,
    };
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    // SAFETY: one structure, which lives until the call returns.
    let count = unsafe { libc::poll(&raw mut poll, 1, time.as_millis() as libc::c_int) };
    count > 0
}
