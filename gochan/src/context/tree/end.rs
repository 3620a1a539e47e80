//! How an end travels.
//!
//! An end has two parts. The first runs none of the user's code. It marks the scope and, one after the other, everything
//! it finds listed below; each mark sets the error and closes the done channel, whose waiters are noted. For everybody
//! else that is one step: the close, if there is a channel. Until then a scope that is marked looks live, see
//! [`CLOSING`](super::CLOSING).
//! When all is marked, all is *settled*, and the scope leaves the list above. Whoever finds a scope ended but not
//! settled waits for that, which takes a moment of another thread's time: so no `cancel` returns before everything
//! below has ended, whoever ends it. Such waits are for scopes further down only, hence never in a circle.
//! The second part, [`Ended::finish`], wakes who waits, starts the calls, and drops what is not needed any more.

use super::{CANCELED, CLOSING, EXCEEDED, EXPLORED, SETTLED, Scope, of_link};
use crate::callback::Callbacks;
use crate::chan::{Closed, Sender, lock};
use crate::context::call::Call;
use crate::context::error::{ContextError, Given};
use crate::context::list::{Entry, Link, Queue};
use crate::context::node::Counted;
use crate::sched::alarm::Alarm;
use crate::sched::bubble;
use crate::sched::touch::Touch;
use crate::shim::atomic::Ordering::*;
use std::ptr::NonNull;
#[cfg(feature = "tokio-util")]
use tokio_util::sync::CancellationToken;

impl Scope {
    /// Ends this scope and everything below it.
    #[inline]
    pub(in crate::context) fn end(&self, error: ContextError, cause: Option<Given>) {
        if let Some(ended) = self.end_quietly(error, cause) {
            ended.finish();
        }
    }

    /// The first part of [`Scope::end`]; the second, if there is anything to do, is in the result.
    #[inline]
    pub(in crate::context) fn end_quietly(&self, error: ContextError, cause: Option<Given>) -> Option<Ended> {
        if bubble::has_points() {
            bubble::touch(Touch::EVERYTHING);
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

    /// True if something is left to do for this scope alone.
    #[inline]
    fn has_aftermath(&self, marked: &Marked) -> bool {
        #[cfg(feature = "tokio-util")]
        if self.token.get().is_some() {
            return true;
        }
        marked.alarm.is_some() || marked.waiting.is_some()
    }

    /// Ends this scope alone; nothing, if it had ended.
    ///
    /// The channel is closed under the scope's lock: whoever holds that sees no end that is half done.
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
        // Release pairs with every look at the end.
        self.end.store(end, Release);
        Some(Marked { anything_below: !tree.list.is_empty(), alarm: tree.alarm.take(), waiting })
    }

    /// Closes the done channel, on the way to `end`: who waits on it, if anybody does.
    #[cold]
    #[inline(never)]
    fn close(&self, done: &Sender<()>, end: u8) -> Option<Box<Closed>> {
        // Release: who finds the channel closed finds this, who finds this looks at the channel.
        self.end.store(end | CLOSING, Release);
        done.close_without_waking().filter(|closed| !closed.is_empty()).map(Box::new)
    }

    /// What is left to do for a marked scope alone.
    fn aftermath(&self, marked: Marked) -> Aftermath {
        Aftermath {
            waiting: marked.waiting,
            alarm: marked.alarm,
            #[cfg(feature = "tokio-util")]
            token: self.token.get().cloned(),
        }
    }

    /// Marks what is listed in this marked scope and, level by level, below, and settles all of it.
    #[cold]
    #[inline(never)]
    fn end_below(&self, error: ContextError, marked: Marked) -> Ended {
        let mut ended = Ended { aftermaths: Vec::new(), below: Queue::new() };
        let mut anything_below = marked.anything_below;
        ended.aftermaths.push(self.aftermath(marked));
        let mut scope = self;
        let mut place = None;
        loop {
            while anything_below && let Some(link) = scope.take_listed() {
                // SAFETY: just taken off, with a reference that is the queue's now.
                unsafe {
                    ended.below.push(link);
                    if (*link).entry == Entry::Call {
                        continue;
                    }
                    let below = of_link(link).as_ref();
                    match below.mark(error, self.cause().cloned()) {
                        Some(marked) if !below.has_aftermath(&marked) => {}
                        Some(marked) => ended.aftermaths.push(below.aftermath(marked)),
                        // It has been ended by another thread, which is on its way through what is below it.
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

    /// Takes something off the list of an ended scope, and a reference to it.
    fn take_listed(&self) -> Option<*const Link> {
        let mut tree = self.tree.lock();
        loop {
            let link = tree.list.pop()?;
            // SAFETY: what is listed is valid: it leaves the list, under this lock, before it is freed. A call's
            // reference is the list's; a scope that is about to be freed concerns nobody any more.
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
        // Only who ended the scope changes this, and a scope that is settled already stays as it is.
        let end = self.end.load(Relaxed);
        self.end.store(end | SETTLED, Release);
    }

    /// Waits until whoever ended this scope has told everything below of that.
    #[inline]
    fn until_settled(&self) {
        let mut round = 0;
        // Acquire pairs with the Release of `settle`.
        while self.end.load(Acquire) & SETTLED == 0 {
            lock::back_off(round);
            round += 1;
        }
    }
}

/// The next scope of the queue, after `place`.
fn next_scope(queue: &Queue, place: &mut Option<*const Link>) -> Option<NonNull<Scope>> {
    loop {
        let link = queue.after(*place)?;
        *place = Some(link);
        // SAFETY: queued links are valid, and those of scopes came from pointers to the whole.
        unsafe {
            if (*link).entry == Entry::Scope {
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

/// What [`Scope::mark`] found, for who marked it to care for.
pub(super) struct Marked {
    anything_below: bool,
    alarm: Option<Alarm>,
    /// The waiters of its done channel, if there are any. Boxed, since most contexts have none.
    waiting: Option<Box<Closed>>,
}

/// What follows from the end of one scope.
struct Aftermath {
    /// Who waits on its done channel.
    waiting: Option<Box<Closed>>,
    /// Not needed any more.
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

/// The second part of an end: all that may run code of the user.
#[must_use = "those who wait for the end sleep until `finish`"]
pub(in crate::context) struct Ended {
    aftermaths: Vec<Aftermath>,
    /// The scopes and calls that were listed below, each with a reference.
    below: Queue,
}

impl Ended {
    /// Should a destructor or a waker panic, the rest is done all the same.
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
            // SAFETY: queued links are valid and come with a reference, which is ours now.
            callbacks.run(|| unsafe {
                match (*link).entry {
                    Entry::Scope => drop(Counted::from_pointer(of_link(link))),
                    Entry::Call => Call::from_link(link).start(),
                }
            });
        }
    }
}

impl Drop for Ended {
    /// Only if the goroutine that was to do it could not be started.
    fn drop(&mut self) {
        let mut callbacks = Callbacks::new();
        self.proceed(&mut callbacks);
        callbacks.finish();
    }
}
