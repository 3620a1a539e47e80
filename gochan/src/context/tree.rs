//! Scopes: the nodes that can end, and the tree that they are.
//!
//! A scope lists the scopes right below it, with nothing but other nodes in between, and the calls to make after its
//! end. The list, and whether the scope has ended, change under the scope's lock only: what is listed in time is told of
//! the end, what comes later finds it.

mod end;

use super::call::Call;
use super::done::Done;
use super::error::{ContextError, Given};
use super::list::{Entry, Link, List};
use super::node::{Class, Counted, Kind, Node};
use super::source::Watched;
use crate::chan::lock::SpinLock;
use crate::chan::{Chan, Receiver};
use crate::sched::alarm::Alarm;
use crate::sched::bubble::{between_points, is_explored, point_of_poll};
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
pub(super) struct Scope {
    node: Node,
    /// LIVE, or how it ended, and how far that has come.
    end: AtomicU8,
    /// The cancel handles, which have one reference to the node between them.
    pub(super) handles: AtomicU32,
    /// In the list of `above`, while it is live.
    link: Link,
    /// The nearest scope above, which the way up keeps alive.
    above: Option<NonNull<Scope>>,
    pub(super) deadline: Option<Instant>,
    done: Done,
    /// Written under the lock before the end is set, and never after.
    cause: UnsafeCell<Option<Given>>,
    watched: Option<Box<Watched>>,
    /// Cancelled when this scope ends.
    #[cfg(feature = "tokio-util")]
    token: OnceLock<CancellationToken>,
    tree: SpinLock<Tree>,
}

struct Tree {
    list: List,
    /// Ends the scope at its deadline; for a live scope only.
    alarm: Option<Alarm>,
}

const LIVE: u8 = 0;
const CANCELED: u8 = 1;
const EXCEEDED: u8 = 2;
/// Everything below has ended, too.
const SETTLED: u8 = 4;
/// Of an exploration: others may run after every look at it.
const EXPLORED: u8 = 8;
/// How it ends is known, and its done channel is about to be closed: that moment is the end. Under the scope's lock only.
const CLOSING: u8 = 16;
const HOW: u8 = CANCELED | EXCEEDED;

// SAFETY: it is `repr(C)`, begins with a `Node`, and its classes destroy a `Scope`.
unsafe impl Kind for Scope {}

// SAFETY: what can be changed is atomic, or under the lock of this scope or the one above; the cause is immutable once
// it can be read.
unsafe impl Send for Scope {}
// SAFETY: as above.
unsafe impl Sync for Scope {}

impl Scope {
    #[inline]
    pub(super) fn new(
        parent: &Counted<Node>,
        above: Option<NonNull<Scope>>,
        class: &'static Class,
        deadline: Option<Instant>,
    ) -> Scope {
        Scope {
            node: Node::new(parent, class),
            end: AtomicU8::new(if is_explored() { EXPLORED } else { LIVE }),
            handles: AtomicU32::new(1),
            link: Link::new(Entry::Scope),
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

    /// For a scope that nobody else knows yet.
    pub(super) fn watched_by(mut self, watched: Watched) -> Scope {
        self.watched = Some(Box::new(watched));
        self
    }

    pub(super) fn watched(&self) -> Option<&Watched> {
        self.watched.as_deref()
    }

    /// How it ended, if it has: then its done channel is closed.
    #[inline]
    pub(super) fn error(&self) -> Option<ContextError> {
        // Acquire pairs with the Release of `mark`: what the canceller did before is seen.
        self.how(self.end.load(Acquire))
    }

    /// As `error`, as an operation of its own: in an exploration with a point before and after.
    #[inline]
    #[track_caller]
    pub(super) fn error_between_points(&self) -> Option<ContextError> {
        // Acquire: as above.
        match self.end.load(Acquire) {
            LIVE => {
                // Loops live on this look.
                point_of_poll("Context::err", Location::caller());
                None
            }
            end => self.error_of(end),
        }
    }

    #[cold]
    #[track_caller]
    fn error_of(&self, end: u8) -> Option<ContextError> {
        if end & EXPLORED == 0 { self.how(end) } else { between_points("Context::err", || self.error()) }
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

    /// What others see while the done channel is being closed: what that says, so that they never see one without the
    /// other.
    #[cold]
    fn how_if_closed(&self, how: u8) -> Option<ContextError> {
        let closed = self.done.receiver().is_some_and(Receiver::has_closed);
        if closed { self.how(how) } else { None }
    }

    /// True until it has been marked, which for others than the lock's holder may be before the end.
    fn is_live(&self) -> bool {
        self.end.load(Acquire) & HOW == LIVE
    }

    /// The cause of its end, if one was given.
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
        // Whoever ends this scope later takes the lock after us, and closes what we make.
        if !self.is_live() {
            channel.close_unshared();
        }
        // SAFETY: the lock is held.
        let spare = unsafe { self.done.make(channel) };
        drop(tree);
        drop(spare);
        self.done.receiver().expect("it has been made")
    }

    /// The token that ends with this scope.
    #[cfg(feature = "tokio-util")]
    pub(super) fn token(&self) -> &CancellationToken {
        if let Some(token) = self.token.get() {
            return token;
        }
        let token = CancellationToken::new();
        let tree = self.tree.lock();
        // Whoever ends this scope later takes the lock after us, and finds what we set.
        if !self.is_live() {
            token.cancel();
        }
        let spare = self.token.set(token);
        drop(tree);
        drop(spare);
        self.token.get().expect("it has been set")
    }

    /// Takes the alarm that is to end this scope, to cancel it when the scope ends.
    pub(super) fn keep_alarm(&self, alarm: Alarm) {
        let mut tree = self.tree.lock();
        if self.is_live() {
            tree.alarm = Some(alarm);
            return;
        }
        drop(tree);
        alarm.cancel();
    }

    /// Lists `call`, to be made after the end; gives it back if the scope has ended.
    pub(super) fn add_call(&self, call: Call) -> Result<(), Call> {
        let mut tree = self.tree.lock();
        if !self.is_live() {
            return Err(call);
        }
        // SAFETY: the list owns the call, which keeps it valid.
        unsafe { tree.list.push(call.into_link()) };
        Ok(())
    }

    /// Takes a call off the list, if it is still there.
    pub(super) fn remove_call(&self, call: &Call) {
        let link = call.link();
        // SAFETY: a call is listed by one scope only, and the caller's handle keeps it valid.
        let listed = unsafe { self.tree.lock().list.remove(link) };
        if listed {
            // SAFETY: the list's handle is ours now.
            drop(unsafe { Call::from_link(link) });
        }
    }

    /// Leaves the list of the scope above.
    #[inline]
    fn leave(&self) {
        if let Some(above) = self.above {
            // SAFETY: the way up keeps the scope above; this one is on its list or on none.
            unsafe { above.as_ref().tree.lock().list.remove(&self.link) };
        }
    }
}

/// Lists `scope` above, so that it ends with the scope there. If that has ended, it is born ended, likewise.
#[inline]
pub(super) fn enter(scope: &Counted<Scope>) {
    let Some(above) = scope.above else { return };
    // SAFETY: the way up keeps the scope above.
    let above = unsafe { above.as_ref() };
    let mut tree = above.tree.lock();
    match above.error() {
        None => {
            // SAFETY: the scope is new, and leaves the list when it ends or is freed. The pointer is to the whole.
            unsafe { tree.list.push(&raw const (*scope.pointer().as_ptr()).link) };
        }
        Some(error) => {
            drop(tree);
            // It is on no list, so there is nothing to do but to mark it.
            let _marked = scope.mark(error, above.cause().cloned());
            scope.settle();
        }
    }
}

/// Frees a scope.
///
/// # Safety
/// `node` is the head of a scope that nobody refers to any more.
pub(super) unsafe fn destroy(node: NonNull<Node>) {
    let pointer = node.cast::<Scope>();
    // SAFETY: the caller's promise.
    let scope = unsafe { pointer.as_ref() };
    if let Some(watched) = &scope.watched {
        watched.forget();
    }
    // What has ended has left. The others are contexts that nobody held a handle of.
    if scope.is_live() {
        scope.leave();
        // As its done channel closes, when it is dropped.
        #[cfg(feature = "tokio-util")]
        if let Some(token) = scope.token.get() {
            token.cancel();
        }
    }
    // SAFETY: the caller's promise; `Counted::new` has boxed it, and nothing leads to it any more.
    drop(unsafe { Box::from_raw(pointer.as_ptr()) });
}

impl Drop for Tree {
    /// Calls that will not be made are dropped. There are no scopes: each would keep this one.
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
/// `link` is that of a scope, from a pointer to the whole of it.
unsafe fn of_link(link: *const Link) -> NonNull<Scope> {
    // SAFETY: the caller's promise.
    unsafe { NonNull::new_unchecked(link.byte_sub(offset_of!(Scope, link)).cast_mut().cast()) }
}
