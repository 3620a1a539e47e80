//! How the end of a scope reaches the scopes below it.
//!
//! An end has two parts. The first runs none of the user's code. It marks the scope and, one after the other, all
//! entries listed below it; each mark sets the error and closes the done channel, whose waiters are noted. To other
//! threads a mark is one step: the close, if there is a channel. Until then a marked scope looks live, see [`CLOSING`].
//! When all scopes are marked, all are *settled*, and the scope leaves the list above. A thread that finds a scope
//! ended but not settled spins until it is settled, which takes a moment: so no `cancel` returns before everything
//! below has ended, even if another thread ends it. A thread waits only for scopes further down, hence never in a
//! circle. The second part, [`EndedScopes::finish`], wakes the waiters, starts the calls, and drops what is no longer
//! needed.

use super::{CANCELED, CLOSING, CancelScope, EXCEEDED, EXPLORED, SETTLED, of_link};
use crate::base::callback::Callbacks;
use crate::base::spin;
use crate::base::touch::Touch;
use crate::chan::{ClosedWaiters, Sender};
use crate::context::call::Call;
use crate::context::error::{ContextError, Given};
use crate::context::list::{Entry, Link, Queue};
use crate::context::node::Counted;
use crate::points;
use crate::sched::alarms::Alarm;
use crate::shim::atomic::Ordering::*;
use std::ptr::NonNull;
#[cfg(feature = "tokio-util")]
use tokio_util::sync::CancellationToken;

impl CancelScope {
    /// Ends this scope and everything below it.
    #[inline]
    pub(in crate::context) fn end(&self, error: ContextError, cause: Option<Given>) {
        if let Some(ended) = self.end_quietly(error, cause) {
            ended.finish();
        }
    }

    /// The first part of [`CancelScope::end`]; the result is the second part, if there is anything to do.
    #[inline]
    pub(in crate::context) fn end_quietly(
        &self,
        error: ContextError,
        cause: Option<Given>,
    ) -> Option<EndedScopes> {
        if points::are_due() {
            points::touch(Touch::EVERYTHING);
        }
        let Some(marked) = self.mark(error, cause) else {
            self.until_settled();
            return None;
        };
        let ended = if !marked.anything_below && !self.has_aftermath(&marked) {
            self.settle();
            None
        } else {
            Some(self.end_below(error, marked))
        };
        self.leave();
        ended
    }

    /// True if there is something left to do for this scope alone.
    #[inline]
    fn has_aftermath(&self, marked: &Marked) -> bool {
        #[cfg(feature = "tokio-util")]
        if self.token.get().is_some() {
            return true;
        }
        marked.alarm.is_some() || marked.waiting.is_some()
    }

    /// Ends this scope alone; `None` if it had already ended.
    ///
    /// The channel is closed under the scope's lock, so a holder of the lock never sees a partial end.
    #[inline]
    pub(super) fn mark(&self, error: ContextError, cause: Option<Given>) -> Option<Marked> {
        if !self.is_live() {
            return None;
        }
        let mut tree = self.tree.lock();
        if !self.is_live() {
            return None;
        }
        // SAFETY: the lock is held, and the cause is not read before the end is set.
        unsafe { *self.cause.get() = cause };
        let end = code(error) | self.end.load(Relaxed) & EXPLORED;
        let waiting = match self.done.sender() {
            Some(done) => self.close(done, end),
            None => None,
        };
        // Release pairs with every Acquire load of the end.
        self.end.store(end, Release);
        Some(Marked { anything_below: !tree.list.is_empty(), alarm: tree.alarm.take(), waiting })
    }

    /// Closes the done channel, on the way to `end`. Returns its waiters, if any.
    #[cold]
    #[inline(never)]
    fn close(&self, done: &Sender<()>, end: u8) -> Option<Box<ClosedWaiters>> {
        // Release: a thread that finds the channel closed finds this, and a thread that finds this checks the channel.
        self.end.store(end | CLOSING, Release);
        done.close_without_waking().filter(|closed| !closed.is_empty()).map(Box::new)
    }

    /// The remaining work for a marked scope alone.
    fn aftermath(&self, marked: Marked) -> Aftermath {
        Aftermath {
            waiting: marked.waiting,
            alarm: marked.alarm,
            #[cfg(feature = "tokio-util")]
            token: self.token.get().cloned(),
        }
    }

    /// Marks all scopes below this marked one, level by level, and settles them.
    #[cold]
    #[inline(never)]
    fn end_below(&self, error: ContextError, marked: Marked) -> EndedScopes {
        let mut ended = EndedScopes { aftermaths: Vec::new(), below: Queue::new() };
        let mut anything_below = marked.anything_below;
        ended.aftermaths.push(self.aftermath(marked));
        let mut scope = self;
        let mut place = None;
        loop {
            while anything_below && let Some(link) = scope.take_listed() {
                // SAFETY: it was just removed from the list, with a reference that now belongs to the queue.
                unsafe {
                    ended.below.push(link);
                    if (*link).entry == Entry::Call {
                        continue;
                    }
                    let below = of_link(link).as_ref();
                    match below.mark(error, self.cause().cloned()) {
                        Some(marked) if !below.has_aftermath(&marked) => {}
                        Some(marked) => ended.aftermaths.push(below.aftermath(marked)),
                        // Another thread has ended it and is marking what is below it.
                        None => below.until_settled(),
                    }
                }
            }
            match next_scope(&ended.below, &mut place) {
                // SAFETY: the queue has a reference to it.
                Some(next) => scope = unsafe { next.as_ref() },
                None => break,
            }
            anything_below = true;
        }
        let mut place = None;
        while let Some(below) = next_scope(&ended.below, &mut place) {
            // SAFETY: the queue has a reference to it.
            unsafe { below.as_ref() }.settle();
        }
        self.settle();
        ended
    }

    /// Removes an entry from the list of an ended scope, with a reference to it.
    fn take_listed(&self) -> Option<*const Link> {
        let mut tree = self.tree.lock();
        loop {
            let link = tree.list.pop()?;
            // SAFETY: listed entries are valid: they leave the list, under this lock, before they are freed. For a
            // call, the list's reference is taken; a scope that is about to be freed is skipped.
            unsafe {
                if (*link).entry == Entry::Call {
                    return Some(link);
                }
                if let Some(scope) = Counted::upgrade(of_link(link)) {
                    let _ = scope.into_pointer();
                    return Some(link);
                }
            }
        }
    }

    pub(super) fn settle(&self) {
        // Only the thread that ended the scope changes this, and a settled scope stays as it is.
        let end = self.end.load(Relaxed);
        self.end.store(end | SETTLED, Release);
    }

    /// Spins until the thread that ended this scope has ended everything below it.
    #[inline]
    fn until_settled(&self) {
        let mut round = 0;
        // Acquire pairs with the Release of `settle`.
        while self.end.load(Acquire) & SETTLED == 0 {
            spin::back_off(round);
            round += 1;
        }
    }
}

/// The next scope of the queue, after `place`.
fn next_scope(queue: &Queue, place: &mut Option<*const Link>) -> Option<NonNull<CancelScope>> {
    loop {
        let link = queue.after(*place)?;
        *place = Some(link);
        // SAFETY: queued links are valid, and those of scopes were derived from pointers to the whole scope.
        unsafe {
            if (*link).entry == Entry::CancelScope {
                return Some(of_link(link));
            }
        }
    }
}

fn code(error: ContextError) -> u8 {
    match error {
        ContextError::Canceled => CANCELED,
        ContextError::DeadlineExceeded => EXCEEDED,
    }
}

/// What [`CancelScope::mark`] leaves to its caller.
pub(super) struct Marked {
    anything_below: bool,
    alarm: Option<Alarm>,
    /// The waiters of its done channel, if there are any. Boxed, since most contexts have none.
    waiting: Option<Box<ClosedWaiters>>,
}

/// The remaining work after the end of one scope.
struct Aftermath {
    /// The waiters of its done channel.
    waiting: Option<Box<ClosedWaiters>>,
    /// To be cancelled: no longer needed.
    alarm: Option<Alarm>,
    #[cfg(feature = "tokio-util")]
    token: Option<CancellationToken>,
}

impl Aftermath {
    fn finish(self, callbacks: &mut Callbacks) {
        #[cfg(feature = "tokio-util")]
        if let Some(token) = self.token {
            callbacks.run(|| token.cancel());
        }
        if let Some(waiting) = self.waiting {
            callbacks.run(|| waiting.wake_all());
        }
        if let Some(alarm) = self.alarm {
            callbacks.run(|| _ = alarm.cancel());
        }
    }
}

/// The second part of an end: everything that may run the user's code.
#[must_use = "waiters sleep until `finish`"]
pub(in crate::context) struct EndedScopes {
    aftermaths: Vec<Aftermath>,
    /// The scopes and calls that were listed below, each with a reference.
    below: Queue,
}

impl EndedScopes {
    /// If a destructor or a waker panics, the rest is still done.
    pub(in crate::context) fn finish(mut self) {
        let mut callbacks = Callbacks::new();
        self.proceed(&mut callbacks);
        callbacks.finish();
    }

    fn proceed(&mut self, callbacks: &mut Callbacks) {
        while let Some(aftermath) = self.aftermaths.pop() {
            aftermath.finish(callbacks);
        }
        while let Some(link) = self.below.pop() {
            // SAFETY: queued links are valid and come with a reference, which now belongs to this function.
            callbacks.run(|| unsafe {
                match (*link).entry {
                    Entry::CancelScope => drop(Counted::from_pointer(of_link(link))),
                    Entry::Call => Call::from_link(link).start(),
                }
            });
        }
    }
}

impl Drop for EndedScopes {
    /// Runs only if the goroutine for it could not be started.
    fn drop(&mut self) {
        let mut callbacks = Callbacks::new();
        self.proceed(&mut callbacks);
        callbacks.finish();
    }
}
