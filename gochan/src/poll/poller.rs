//! A poller: epoll or kqueue, behind `mio`.

use super::slots::Slots;
use super::word::{Side, Words};
use crate::base::lock::lock;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Events that are taken at once.
const EVENTS: usize = 256;
const WAKER: Token = Token(usize::MAX);

/// The part of a poller that any thread uses.
#[derive(Debug)]
pub(crate) struct Home {
    registry: Registry,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    slots: Slots,
    /// Its thread polls no longer.
    ended: bool,
}

/// A source that a poller watches.
#[derive(Debug)]
pub(crate) struct Registration {
    home: Arc<Home>,
    token: Token,
}

impl Home {
    /// Has the poller watch `fd`, which does not block. `None` if its thread polls no longer.
    ///
    /// # Errors
    /// The descriptor cannot be polled, or the system has no room for another one.
    pub(crate) fn register(
        self: &Arc<Home>,
        fd: BorrowedFd<'_>,
        words: &Arc<Words>,
    ) -> io::Result<Option<Registration>> {
        let mut state = lock(&self.state);
        if state.ended {
            return Ok(None);
        }
        let token = state.slots.insert(words.clone()).ok_or(io::ErrorKind::QuotaExceeded)?;
        drop(state);
        let watched = self.registry.register(
            &mut SourceFd(&fd.as_raw_fd()),
            token,
            Interest::READABLE | Interest::WRITABLE,
        );
        if let Err(error) = watched {
            lock(&self.state).slots.remove(token);
            return Err(error);
        }
        Ok(Some(Registration { home: self.clone(), token }))
    }

    /// The number of waiters in the words of its sources.
    pub(crate) fn count_waiters(&self) -> usize {
        lock(&self.state).slots.all().map(Words::count_waiters).sum()
    }

    fn has_ended(&self) -> bool {
        lock(&self.state).ended
    }
}

impl Registration {
    /// False if the thread of the poller polls no longer.
    pub(crate) fn is_live(&self) -> bool {
        !self.home.has_ended()
    }

    /// Ends the watch, before `fd` is closed. After that no event reaches the words.
    pub(crate) fn end(self, fd: BorrowedFd<'_>) {
        lock(&self.home.state).slots.remove(self.token);
        let _ = self.home.registry.deregister(&mut SourceFd(&fd.as_raw_fd()));
    }
}

/// The part of a poller that belongs to the thread that polls.
#[derive(Debug)]
pub(crate) struct Poller {
    home: Arc<Home>,
    poll: Poll,
    events: Events,
    woken: Vec<NonNull<()>>,
    last: Instant,
}

// SAFETY: the pointers to waiters are there during a call of `poll` only, and waiters are woken from any thread.
unsafe impl Send for Poller {}

impl Poller {
    pub(crate) fn new() -> io::Result<Poller> {
        let poll = Poll::new()?;
        let home = Home { registry: poll.registry().try_clone()?, state: Mutex::default() };
        Ok(Poller {
            home: Arc::new(home),
            poll,
            events: Events::with_capacity(EVENTS),
            woken: Vec::new(),
            last: Instant::now(),
        })
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// What ends a `poll` from another thread.
    pub(crate) fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKER)
    }

    /// When it polled last.
    pub(crate) fn last(&self) -> Instant {
        self.last
    }

    /// Waits for events, at most for `time`; `None`: for good. Passes the waiters that they concern to `wake`, and
    /// returns their number.
    pub(crate) fn poll(&mut self, time: Option<Duration>, wake: impl Fn(NonNull<()>)) -> usize {
        let time = self.wait_finely(time);
        if let Err(error) = self.poll.poll(&mut self.events, time) {
            debug_assert_eq!(error.kind(), io::ErrorKind::Interrupted, "{error}");
            return 0;
        }
        self.last = Instant::now();
        if self.events.is_empty() {
            return 0;
        }
        let state = lock(&self.home.state);
        for event in &self.events {
            if let Some(words) = state.slots.get(event.token()) {
                note(words, event, &mut self.woken);
            }
        }
        drop(state);
        let count = self.woken.len();
        self.woken.drain(..).for_each(wake);
        count
    }

    /// epoll counts in milliseconds and rounds up. A short time is waited for here; returns the time that is left.
    #[cfg(target_os = "linux")]
    fn wait_finely(&self, time: Option<Duration>) -> Option<Duration> {
        const SHORT: Duration = Duration::from_millis(10);
        let short = time.filter(|time| !time.is_zero() && *time < SHORT);
        let Some(short) = short else { return time };
        let mut poll = libc::pollfd { fd: self.poll.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let time = libc::timespec { tv_sec: 0, tv_nsec: short.subsec_nanos().into() };
        // SAFETY: both point to values that live until the call returns.
        unsafe { libc::ppoll(&raw mut poll, 1, &raw const time, std::ptr::null()) };
        Some(Duration::ZERO)
    }

    #[cfg(not(target_os = "linux"))]
    fn wait_finely(&self, time: Option<Duration>) -> Option<Duration> {
        time
    }

    /// The thread polls no longer: each source is to be registered elsewhere. Passes all waiters to `wake`.
    pub(crate) fn end(self, wake: impl Fn(NonNull<()>)) {
        let mut state = lock(&self.home.state);
        state.ended = true;
        let both = |words: &Words| [Side::Reading, Side::Writing].map(|side| words.side(side).event());
        let woken: Vec<_> = state.slots.all().flat_map(both).flatten().collect();
        drop(state);
        woken.into_iter().for_each(wake);
    }
}

fn note(words: &Words, event: &Event, woken: &mut Vec<NonNull<()>>) {
    if event.is_read_closed() || event.is_error() {
        words.hang_up();
    }
    if event.is_readable() || event.is_read_closed() || event.is_error() {
        woken.extend(words.side(Side::Reading).event());
    }
    if event.is_writable() || event.is_write_closed() || event.is_error() {
        woken.extend(words.side(Side::Writing).event());
    }
}
