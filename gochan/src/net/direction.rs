//! One direction of a descriptor: its turn, its deadline, and how to wait for it.
//!
//! # How a wait ends
//!
//! The waiter puts its owner into the [`Word`] of the direction, then looks once more at what ends waits: the close,
//! the deadline, the contexts. A thread that changes one of those stores the change first and then
//! [pokes](crate::poll::word::Word::poke) the word. All four steps are sequentially consistent, so the waiter sees the
//! change or the other thread sees the waiter. A poked waiter looks again and waits on if the change does not concern
//! it. So a deadline is in no list but the timers of the waiter's own worker, and none is ever late for another
//! operation.

use super::error;
use super::turn::Turn;
use crate::base::clock::Moment;
use crate::base::location::SourceLocation;
use crate::context::{Context, ContextError};
use crate::poll::word::Word;
use crate::poll::{Side, Words};
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::worker::poller::wake;
use crate::shim::atomic::{AtomicU64, Ordering::*};
use std::io;
use std::time::{Duration, Instant};

/// See the module documentation.
pub(super) struct Direction {
    pub(super) turn: Turn,
    /// The bits of a [`Moment`].
    deadline: AtomicU64,
    /// The longest wait of an operation in nanoseconds; zero: for good.
    timeout: AtomicU64,
}

/// An operation as its waits know it.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    pub(super) side: Side,
    pub(super) reason: WaitReason,
    pub(super) place: SourceLocation,
    /// Its end ends the operation.
    pub(super) ctx: Option<&'a Context>,
}

impl<'a> Operation<'a> {
    pub(super) fn new(side: Side, reason: WaitReason, place: SourceLocation) -> Operation<'a> {
        Operation { side, reason, place, ctx: None }
    }

    pub(super) fn reading(place: SourceLocation) -> Operation<'a> {
        Operation::new(Side::Reading, WaitReason::NetRead, place)
    }

    pub(super) fn writing(place: SourceLocation) -> Operation<'a> {
        Operation::new(Side::Writing, WaitReason::NetWrite, place)
    }

    pub(super) fn with_ctx(self, ctx: &'a Context) -> Operation<'a> {
        Operation { ctx: Some(ctx), ..self }
    }
}

impl Direction {
    pub(super) fn new() -> Direction {
        Direction {
            turn: Turn::new(),
            deadline: AtomicU64::new(Moment::NEVER.to_bits()),
            timeout: AtomicU64::new(0),
        }
    }

    fn deadline(&self) -> Moment {
        Moment::from_bits(self.deadline.load(SeqCst))
    }

    /// To be followed by a poke.
    pub(super) fn set_deadline(&self, deadline: Option<Instant>) {
        let deadline = deadline.map_or(Moment::NEVER, Moment::of);
        self.deadline.store(deadline.to_bits(), SeqCst);
    }

    pub(super) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a timeout of zero"));
        }
        let nanos = timeout.map_or(0, |timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        self.timeout.store(nanos, Relaxed);
        Ok(())
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        let nanos = self.timeout.load(Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    /// When an operation that begins to wait now gives up, whatever the deadline.
    pub(super) fn patience(&self) -> Moment {
        self.timeout().map_or(Moment::NEVER, |timeout| Moment::now() + timeout)
    }

    /// The error of an operation that may not go on.
    #[inline]
    pub(super) fn check(
        &self,
        words: &Words,
        closed: bool,
        operation: &Operation<'_>,
        patience: Moment,
    ) -> io::Result<()> {
        if closed {
            return Err(error::closed());
        }
        let ended = words.ended.load(SeqCst);
        if ended != 0 {
            let canceled = !ended.is_multiple_of(1 << 16);
            return Err(error::ended(if canceled {
                ContextError::Canceled
            } else {
                ContextError::DeadlineExceeded
            }));
        }
        if let Some(error) = operation.ctx.and_then(Context::ended) {
            return Err(error::ended(error));
        }
        let deadline = self.deadline().min(patience);
        if deadline != Moment::NEVER && Moment::now() >= deadline {
            return Err(error::timed_out());
        }
        Ok(())
    }

    /// Parks until the direction may be ready, or something else has happened that the operation has to look at. The
    /// caller has the turn.
    ///
    /// `check` is [`Direction::check`] with what the caller knows.
    pub(super) fn park(
        &self,
        word: &Word,
        operation: &Operation<'_>,
        patience: Moment,
        check: &dyn Fn() -> io::Result<()>,
    ) {
        let parker = Parker::current();
        let deadline = self.deadline();
        let owner = parker.owner().into_word();
        let withdraw = || {
            let withdrawn = word.withdraw(owner);
            if withdrawn {
                // SAFETY: out of the word, and so nobody else's.
                drop(unsafe { Owner::from_word(owner) });
            }
            withdrawn
        };
        if !word.park(owner) {
            // SAFETY: not put into the word.
            drop(unsafe { Owner::from_word(owner) });
            return;
        }
        if (self.deadline() != deadline || check().is_err()) && withdraw() {
            return;
        }
        match deadline.min(patience) {
            Moment::NEVER => parker.park(operation.reason, operation.place),
            until => {
                let until = until.to_instant();
                parker.park_until(until, operation.reason, operation.place, &mut || withdraw());
            }
        }
    }
}

/// Has the waiter of a direction look again.
pub(super) fn poke(words: &Words, side: Side) {
    if let Some(waiter) = words.side(side).poke() {
        wake(waiter);
    }
}

/// As [`poke`], for both directions.
pub(super) fn poke_both(words: &Words) {
    poke(words, Side::Reading);
    poke(words, Side::Writing);
}
