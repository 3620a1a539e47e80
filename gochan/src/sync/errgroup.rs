//! Goroutines that work on parts of one task, and stop when one of them fails.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::sync::errgroup::Group;
//!
//! let (group, ctx) = Group::with_context(&background());
//! for part in 0..10 {
//!     let ctx = ctx.clone();
//!     group.go(move || {
//!         ctx.check().map_err(|error| error.to_string())?;
//!         if part == 3 { Err(format!("part {part} is broken")) } else { Ok(()) }
//!     });
//! }
//! assert_eq!(group.wait(), Err("part 3 is broken".to_owned()));
//! assert!(ctx.err().is_some());
//! ```

use super::cond::Cond;
use super::mutex::Mutex;
use crate::callback::drop_quietly;
use crate::context::{CancelHandle, Context};
use crate::sched::park::WaitReason;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Goroutines that are started together and waited for together: Go's `errgroup.Group`.
///
/// [`wait`](Group::wait) returns the first error. With a [context](Group::with_context), that error also ends the
/// context, which tells the others to stop. Clones are handles of the same group.
///
/// A task that panics, or leaves by [`goexit`](crate::runtime::goexit), ends the context, too, and so does `wait` for
/// whoever waits.
///
/// The example is in [the module](self).
#[doc(alias = "errgroup.Group")]
pub struct Group<E = Box<dyn Error + Send + Sync>> {
    shared: Arc<Shared<E>>,
}

struct Shared<E> {
    state: Mutex<State<E>>,
    /// A task has ended, which may make room for another one.
    room: Cond,
    /// The last task has ended.
    idle: Cond,
    end: Option<End<E>>,
}

/// The end of a group's context.
struct End<E> {
    cancel: CancelHandle,
    cause: Option<ToCause<E>>,
}

type ToCause<E> = Box<dyn Fn(&E) -> Box<dyn Error + Send + Sync> + Send + Sync>;

struct State<E> {
    active: usize,
    limit: Option<usize>,
    error: Option<E>,
    /// What the first task that did not return has unwound with.
    unwound: Option<Box<dyn Any + Send>>,
}

impl<E: Send + 'static> Group<E> {
    /// A group without tasks or limit. An error does not stop the others.
    pub fn new() -> Group<E> {
        Group::with_end(None)
    }

    /// A group and its context, derived from `ctx`. It ends with the first task that fails, or else when
    /// [`wait`](Group::wait) returns.
    #[doc(alias = "WithContext")]
    pub fn with_context(ctx: &Context) -> (Group<E>, Context) {
        let (ctx, cancel) = ctx.with_cancel();
        (Group::with_end(Some(End { cancel, cause: None })), ctx)
    }

    /// As [`with_context`](Group::with_context); the first error is also the context's [`cause`](Context::cause), as in
    /// Go.
    ///
    /// The error itself is for [`wait`](Group::wait) to return. What the context tells of it, its text or a clone, is
    /// what `cause` makes.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use gochan::sync::errgroup::Group;
    ///
    /// let (group, ctx) = Group::with_context_cause(&background(), String::clone);
    /// group.go(|| Err("the disk is full".to_owned()));
    /// ctx.done().recv();
    /// assert_eq!(ctx.cause().unwrap().to_string(), "the disk is full");
    /// assert!(group.wait().is_err());
    /// ```
    #[doc(alias = "context.Cause")]
    pub fn with_context_cause<C>(
        ctx: &Context,
        cause: impl Fn(&E) -> C + Send + Sync + 'static,
    ) -> (Group<E>, Context)
    where
        C: Into<Box<dyn Error + Send + Sync>>,
    {
        let (ctx, cancel) = ctx.with_cancel_cause();
        let cause: ToCause<E> = Box::new(move |error| cause(error).into());
        (Group::with_end(Some(End { cancel, cause: Some(cause) })), ctx)
    }

    fn with_end(end: Option<End<E>>) -> Group<E> {
        let state = Mutex::new(State { active: 0, limit: None, error: None, unwound: None });
        Group { shared: Arc::new(Shared { state, room: Cond::new(), idle: Cond::new(), end }) }
    }

    /// Runs `f` in a new goroutine, after waiting for room if there is a [limit](Group::set_limit).
    #[doc(alias = "Go")]
    #[track_caller]
    pub fn go(&self, f: impl FnOnce() -> Result<(), E> + Send + 'static) {
        let state = self.shared.state.lock_as("Group::go", Some(Location::caller()));
        let mut state = self.shared.room.wait_while_as(WaitReason::ErrGroup, state, |state| state.is_full());
        state.active += 1;
        drop(state);
        self.spawn(f);
    }

    /// As [`go`](Group::go) if there is room; else does nothing and returns false.
    #[doc(alias = "TryGo")]
    #[track_caller]
    pub fn try_go(&self, f: impl FnOnce() -> Result<(), E> + Send + 'static) -> bool {
        let mut state = self.shared.state.lock_as("Group::try_go", Some(Location::caller()));
        if state.is_full() {
            return false;
        }
        state.active += 1;
        drop(state);
        self.spawn(f);
        true
    }

    #[track_caller]
    fn spawn(&self, f: impl FnOnce() -> Result<(), E> + Send + 'static) {
        // Ends with the task, also if the goroutine cannot be started.
        let task = Task(self.shared.clone());
        crate::sched::go(move || {
            let outcome = catch_unwind(AssertUnwindSafe(f));
            task.0.note(outcome);
            drop(task);
        });
    }

    /// Lets at most so many tasks run at a time; `None` is no limit, and zero lets none run.
    ///
    /// # Panics
    /// If tasks are running.
    ///
    /// ```
    /// let group = gochan::sync::errgroup::Group::<String>::new();
    /// group.set_limit(1);
    /// let gate = gochan::chan!(());
    /// let opened = gate.clone();
    /// group.go(move || { opened.recv(); Ok(()) });
    /// assert!(!group.try_go(|| Ok(())));
    /// gate.close();
    /// assert_eq!(group.wait(), Ok(()));
    /// ```
    #[doc(alias = "SetLimit")]
    #[track_caller]
    pub fn set_limit(&self, limit: impl Into<Option<usize>>) {
        let mut state = self.shared.state.lock_as("Group::set_limit", Some(Location::caller()));
        let active = state.active;
        if active == 0 {
            state.limit = limit.into();
        }
        drop(state);
        assert!(
            active == 0,
            "errgroup: modify limit while {active} goroutines in the group are still active"
        );
    }

    /// Waits for all tasks to end, then ends the group's context.
    ///
    /// The group can be used again, though not its context.
    ///
    /// # Errors
    /// The first one of a task; it is returned once, and another `wait` returns `Ok`. Go programs often wait twice, the
    /// first time in a goroutine that then closes the channel of the results. Here that channel closes by itself when
    /// the tasks have dropped their senders; or the goroutine returns what it got:
    ///
    /// ```
    /// # use gochan::prelude::*;
    /// # use gochan::sync::errgroup::Group;
    /// let (group, results) = (Group::<String>::new(), chan!(u32));
    /// for n in 0..3 {
    ///     let results = results.sender();
    ///     group.go(move || if n < 2 { results.send(n).map_err(|e| e.to_string()) } else { Err("no 2".into()) });
    /// }
    /// let waited = go!([results] {
    ///     defer!(close!(results));
    ///     group.wait()
    /// });
    /// assert!(results.iter().count() <= 2);
    /// assert_eq!(waited.join().unwrap(), Err("no 2".to_owned()));
    /// ```
    ///
    /// # Panics
    /// With what a task has panicked with. If one has left by `goexit`, so does the caller.
    #[doc(alias = "Wait")]
    #[track_caller]
    pub fn wait(&self) -> Result<(), E> {
        let state = self.shared.state.lock_as("Group::wait", Some(Location::caller()));
        let mut state = self.shared.idle.wait_while_as(WaitReason::ErrGroup, state, |state| state.active > 0);
        let (error, unwound) = (state.error.take(), state.unwound.take());
        drop(state);
        self.shared.cancel(None);
        match unwound {
            Some(payload) => resume_unwind(payload),
            None => error.map_or(Ok(()), Err),
        }
    }
}

impl<E> Shared<E> {
    /// A task has come to its end.
    fn note(&self, outcome: std::thread::Result<Result<(), E>>) {
        // The user's code: not under the lock, and if it panics, so has the task.
        let made = match (&outcome, &self.end) {
            (Ok(Err(error)), Some(End { cause: Some(make), .. })) => {
                catch_unwind(AssertUnwindSafe(|| make(error))).map(Some)
            }
            _ => Ok(None),
        };
        let (outcome, cause) = match made {
            Ok(cause) => (outcome, cause),
            Err(payload) => {
                drop_quietly(outcome);
                (Err(payload), None)
            }
        };
        let mut state = self.state.lock_as("end of Group::go", None);
        let is_first = state.error.is_none() && state.unwound.is_none();
        // What is not kept is dropped when the lock is free.
        let _dropped = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) if state.error.is_none() => {
                state.error = Some(error);
                None
            }
            Err(payload) if state.unwound.is_none() => {
                state.unwound = Some(payload);
                None
            }
            other => Some(other),
        };
        drop(state);
        // Another one is about to have done so already, with a cause of its own.
        if is_first {
            self.cancel(cause);
        }
    }

    fn cancel(&self, cause: Option<Box<dyn Error + Send + Sync>>) {
        match (&self.end, cause) {
            (Some(end), Some(cause)) => end.cancel.cancel_cause(cause),
            (Some(end), None) => end.cancel.cancel(),
            (None, _) => {}
        }
    }
}

impl<E> State<E> {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.active >= limit)
    }
}

/// Counts a task down when it goes.
struct Task<E>(Arc<Shared<E>>);

impl<E> Drop for Task<E> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock_as("end of Group::go", None);
        state.active -= 1;
        let idle = state.active == 0;
        drop(state);
        self.0.room.signal();
        if idle {
            self.0.idle.broadcast();
        }
    }
}

impl<E> Clone for Group<E> {
    /// Another handle of the same group.
    fn clone(&self) -> Group<E> {
        Group { shared: self.shared.clone() }
    }
}

impl<E: Send + 'static> Default for Group<E> {
    fn default() -> Group<E> {
        Group::new()
    }
}

impl<E> fmt::Debug for Group<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Group");
        match self.shared.state.try_lock() {
            Some(state) => debug.field("active", &state.active).field("limit", &state.limit),
            None => debug.field("state", &format_args!("<locked>")),
        };
        debug.finish()
    }
}
