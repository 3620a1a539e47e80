//! Scopes: the nodes that can end, and the tree that they form.
//!
//! A scope lists the nearest scopes below it (with no scope in between) and the calls to make after its end. The list,
//! and whether the scope has ended, change only under the scope's lock: an entry that is listed in time gets the end,
//! and a later one finds the scope ended.

mod end;

use super::call::Call;
use super::done::Done;
use super::error::{ContextError, Given};
use super::list::{Entry, Link, List};
use super::node::{Class, Counted, Kind, Node};
use super::source::Watched;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::chan::{Chan, Receiver};
use crate::points;
use crate::sched::alarms::Alarm;
use crate::shim::atomic::{AtomicU8, AtomicU32, Ordering::*};
use std::cell::UnsafeCell;
use std::mem::offset_of;
use std::panic::Location;
use std::ptr::NonNull;
#[cfg(feature = "tokio-util")]
use std::sync::OnceLock;
use std::time::Instant;
#[cfg(feature = "tokio-util")]
use tokio_util::sync::CancellationToken;

/// A node that can end.
#[repr(C)]
pub(super) struct CancelScope {
    node: Node,
    /// `LIVE`, or how the scope ended and how far the end has come.
    end: AtomicU8,
    /// The number of cancel handles, which share one reference to the node.
    pub(super) handles: AtomicU32,
    /// In the list of `above` while the scope is live.
    link: Link,
    /// The nearest scope above, which the chain of parents keeps alive.
    above: Option<NonNull<CancelScope>>,
    pub(super) deadline: Option<Instant>,
    done: Done,
    /// Written under the lock before the end is set, and not after.
    cause: UnsafeCell<Option<Given>>,
    watched: Option<Box<Watched>>,
    /// Cancelled when this scope ends.
    #[cfg(feature = "tokio-util")]
    token: OnceLock<CancellationToken>,
    tree: SpinLock<Tree>,
}

struct Tree {
    list: List,
    /// Ends the scope at its deadline; only while it is live.
    alarm: Option<Alarm>,
}

const LIVE: u8 = 0;
const CANCELED: u8 = 1;
const EXCEEDED: u8 = 2;
/// Everything below has also ended.
const SETTLED: u8 = 4;
/// The scope belongs to an exploration: others may run after every check.
const EXPLORED: u8 = 8;
/// How the scope ends is known, and its done channel is about to be closed, which is the moment of the end. Set only
/// under the scope's lock.
const CLOSING: u8 = 16;
const HOW: u8 = CANCELED | EXCEEDED;

// SAFETY: it is `repr(C)`, begins with a `Node`, and its classes destroy a `CancelScope`.
unsafe impl Kind for CancelScope {}

// SAFETY: mutable fields are atomic, or under the lock of this scope or the one above; the cause is immutable once it
// can be read.
unsafe impl Send for CancelScope {}
// SAFETY: as above.
unsafe impl Sync for CancelScope {}

impl CancelScope {
    #[inline]
    pub(super) fn new(
        parent: &Counted<Node>,
        above: Option<NonNull<CancelScope>>,
        class: &'static Class,
        deadline: Option<Instant>,
    ) -> CancelScope {
        CancelScope {
            node: Node::new(parent, class),
            end: AtomicU8::new(if points::is_exploring() { EXPLORED } else { LIVE }),
            handles: AtomicU32::new(1),
            link: Link::new(Entry::CancelScope),
            above,
            deadline,
            done: Done::new(),
            cause: UnsafeCell::new(None),
            watched: None,
            #[cfg(feature = "tokio-util")]
            token: OnceLock::new(),
            tree: SpinLock::new(Tree { list: List::new(), alarm: None }),
        }
    }

    /// Only for a scope that is not yet shared.
    pub(super) fn watched_by(mut self, watched: Watched) -> CancelScope {
        self.watched = Some(Box::new(watched));
        self
    }

    pub(super) fn watched(&self) -> Option<&Watched> {
        self.watched.as_deref()
    }

    /// How the scope ended, if it has: then its done channel is closed.
    #[inline]
    pub(super) fn error(&self) -> Option<ContextError> {
        // Acquire pairs with the Release of `mark`.
        self.how(self.end.load(Acquire))
    }

    /// Like `error`, as an operation of its own, with points before and after it in an exploration.
    #[inline]
    #[track_caller]
    pub(super) fn error_between_points(&self) -> Option<ContextError> {
        // Acquire: as above.
        match self.end.load(Acquire) {
            LIVE => {
                // Loops poll this.
                points::after_poll("Context::err", Location::caller());
                None
            }
            end => self.error_of(end),
        }
    }

    #[cold]
    #[track_caller]
    fn error_of(&self, end: u8) -> Option<ContextError> {
        if end & EXPLORED == 0 {
            self.how(end)
        } else {
            points::around(|| Touch::EVERYTHING, "Context::err", || self.error())
        }
    }

    #[inline]
    fn how(&self, end: u8) -> Option<ContextError> {
        match end & (HOW | CLOSING) {
            LIVE => None,
            CANCELED => Some(ContextError::Canceled),
            EXCEEDED => Some(ContextError::DeadlineExceeded),
            _ => self.how_if_closed(end & HOW),
        }
    }

    /// The end as seen while the done channel is being closed: set only once the channel is closed, so that the two are
    /// never seen apart.
    #[cold]
    fn how_if_closed(&self, how: u8) -> Option<ContextError> {
        let closed = self.done.receiver().is_some_and(Receiver::has_closed);
        if closed { self.how(how) } else { None }
    }

    /// True until the scope is marked, which may be slightly before the end as others see it.
    fn is_live(&self) -> bool {
        self.end.load(Acquire) & HOW == LIVE
    }

    /// The cause of the end, if one was given.
    pub(super) fn cause(&self) -> Option<&Given> {
        if self.is_live() {
            return None;
        }
        // SAFETY: written before the end was set, and not again.
        unsafe { (*self.cause.get()).as_ref() }
    }

    #[inline]
    pub(super) fn done(&self) -> &Receiver<()> {
        match self.done.receiver() {
            Some(receiver) => receiver,
            None => self.make_done(),
        }
    }

    #[cold]
    fn make_done(&self) -> &Receiver<()> {
        let channel = Chan::new();
        let tree = self.tree.lock();
        // A later end of this scope takes the lock after this, and closes the channel made here.
        if !self.is_live() {
            channel.close_unshared();
        }
        let spare = self.done.make(channel);
        drop(tree);
        drop(spare);
        self.done.receiver().expect("it was just made")
    }

    /// The token that ends with this scope.
    #[cfg(feature = "tokio-util")]
    pub(super) fn token(&self) -> &CancellationToken {
        if let Some(token) = self.token.get() {
            return token;
        }
        let token = CancellationToken::new();
        let tree = self.tree.lock();
        // A later end of this scope takes the lock after this, and finds the token set here.
        if !self.is_live() {
            token.cancel();
        }
        let spare = self.token.set(token);
        drop(tree);
        drop(spare);
        self.token.get().expect("it was just set")
    }

    /// Stores the alarm that will end this scope, to cancel it if the scope ends earlier.
    pub(super) fn keep_alarm(&self, alarm: Alarm) {
        let mut tree = self.tree.lock();
        if self.is_live() {
            tree.alarm = Some(alarm);
            return;
        }
        drop(tree);
        alarm.cancel();
    }

    /// Lists `call`, to be made after the end. Returns it if the scope has ended.
    pub(super) fn add_call(&self, call: Call) -> Result<(), Call> {
        let mut tree = self.tree.lock();
        if !self.is_live() {
            return Err(call);
        }
        // SAFETY: the list owns the call, which keeps it valid.
        unsafe { tree.list.push(call.into_link()) };
        Ok(())
    }

    /// Removes a call from the list if it is still there.
    pub(super) fn remove_call(&self, call: &Call) {
        let link = call.link();
        // SAFETY: a call is listed by only one scope, and the caller's handle keeps it valid.
        let listed = unsafe { self.tree.lock().list.remove(link) };
        if listed {
            // SAFETY: the list's handle now belongs to this function.
            drop(unsafe { Call::from_link(link) });
        }
    }

    /// Removes this scope from the list of the scope above.
    #[inline]
    fn leave(&self) {
        if let Some(above) = self.above {
            // SAFETY: the parents keep the scope above alive; this scope is on its list or on none.
            unsafe { above.as_ref().tree.lock().list.remove(&self.link) };
        }
    }
}

/// Lists `scope` in the scope above, so that it ends with it. If the scope above has ended, `scope` ends at once.
#[inline]
pub(super) fn enter(scope: &Counted<CancelScope>) {
    let Some(above) = scope.above else { return };
    // SAFETY: the parents keep the scope above alive.
    let above = unsafe { above.as_ref() };
    let mut tree = above.tree.lock();
    match above.error() {
        None => {
            // SAFETY: the scope is new, and leaves the list when it ends or is freed. The pointer is to the whole.
            unsafe { tree.list.push(&raw const (*scope.pointer().as_ptr()).link) };
        }
        Some(error) => {
            drop(tree);
            // It is on no list, so marking it suffices.
            let _marked = scope.mark(error, above.cause().cloned());
            scope.settle();
        }
    }
}

/// Frees a scope.
///
/// # Safety
/// `node` is the head of a scope without references.
pub(super) unsafe fn destroy(node: NonNull<Node>) {
    let pointer = node.cast::<CancelScope>();
    // SAFETY: the caller's promise.
    let scope = unsafe { pointer.as_ref() };
    if let Some(watched) = &scope.watched {
        watched.forget();
    }
    // A scope that has ended has left already. A live one is a context whose last handle was dropped.
    if scope.is_live() {
        scope.leave();
        // The done channel closes likewise when it is dropped.
        #[cfg(feature = "tokio-util")]
        if let Some(token) = scope.token.get() {
            token.cancel();
        }
    }
    // SAFETY: the caller's promise; `Counted::new` has boxed it, and no pointer to it remains.
    drop(unsafe { Box::from_raw(pointer.as_ptr()) });
}

impl Drop for Tree {
    /// Drops calls that will not be made. The list holds no scopes, since each would keep this one alive.
    fn drop(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            alarm.cancel();
        }
        while let Some(link) = self.list.pop() {
            // SAFETY: the list's handle of a call.
            drop(unsafe { Call::from_link(link) });
        }
    }
}

/// # Safety
/// `link` belongs to a scope and was derived from a pointer to the whole scope.
unsafe fn of_link(link: *const Link) -> NonNull<CancelScope> {
    // SAFETY: the caller's promise.
    unsafe { NonNull::new_unchecked(link.byte_sub(offset_of!(CancelScope, link)).cast_mut().cast()) }
}
