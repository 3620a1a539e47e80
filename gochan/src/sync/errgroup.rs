//! Groups of goroutines that work on parts of one task and stop when one of them fails.
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

//!
//! [`group`] and [`with_context()`] make groups for errors of all kinds, so that tasks can use `?`:
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::sync::errgroup;
//!
//! fn sum(texts: Vec<&'static str>) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
//!     let (group, ctx) = errgroup::with_context(&background());
//!     let numbers = chan!(u64, texts.len());
//!     for text in texts {
//!         let (ctx, numbers) = (ctx.clone(), numbers.clone());
//!         group.go(move || {
//!             ctx.check()?;
//!             numbers.send(text.parse()?)?;
//!             Ok(())
//!         });
//!     }
//!     group.wait()?;
//!     Ok(numbers.try_iter().sum())
//! }
//! assert_eq!(sum(vec!["1", "2"]).unwrap(), 3);
//! assert_eq!(sum(vec!["one"]).unwrap_err().to_string(), "invalid digit found in string");
//! ```

use super::cond::Cond;
use super::mutex::Mutex;
use crate::base::callback::drop_quietly;
use crate::context::{CancelHandle, Context};
use crate::sched::park::WaitReason;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;

/// A group whose tasks may fail with any error, as in Go: what `?` gives. The error of [`Group::new`] is inferred from
/// the tasks, which does not work if they all use `?`.
///
/// ```
/// let group = gochan::sync::errgroup::group();
/// group.go(|| {
///     let number: u8 = "256".parse()?;
///     println!("{number}");
///     Ok(())
/// });
/// assert_eq!(group.wait().unwrap_err().to_string(), "number too large to fit in target type");
/// ```
#[doc(alias = "errgroup.Group")]
pub fn group() -> Group {
    Group::new()
}

/// Like [`Group::with_context`], for a group whose tasks may fail with any error: Go's `errgroup.WithContext`.
///
/// See the [module](self) for an example.
#[doc(alias = "errgroup.WithContext")]
pub fn with_context(ctx: &Context) -> (Group, Context) {
    Group::with_context(ctx)
}

/// A group of goroutines that are waited for together: Go's `errgroup.Group`.
///
/// [`wait`](Group::wait) returns the first error. With a [context](Group::with_context), that error also ends the
/// context, which tells the other tasks to stop. Clones are handles to the same group.
///
/// A task that panics or calls [`goexit`](crate::runtime::goexit) also ends the context, and `wait` then panics or
/// exits in the same way.
///
/// See the [module](self) for an example.
#[doc(alias = "errgroup.Group")]
pub struct Group<E = Box<dyn Error + Send + Sync>> {
    shared: Arc<SharedGroup<E>>,
}

struct SharedGroup<E> {
    state: Mutex<GroupState<E>>,
    /// Signalled when a task ends, which may make room for another one.
    room: Cond,
    /// Signalled when the last task ends.
    idle: Cond,
    end: Option<ContextEnd<E>>,
}

/// How to end a group's context.
struct ContextEnd<E> {
    cancel: CancelHandle,
    cause: Option<ToCause<E>>,
}

type ToCause<E> = Box<dyn Fn(&E) -> Box<dyn Error + Send + Sync> + Send + Sync>;

struct GroupState<E> {
    active: usize,
    limit: Option<usize>,
    /// In the order in which the tasks failed.
    errors: Vec<E>,
    /// The payload of the first task that unwound.
    unwound: Option<Box<dyn Any + Send>>,
}

impl<E> Group<E>
where
    E: Send, // `errgroup::group()` takes any error; `Group::<MyError>::new()` one that is `Send`, unlike `Box<dyn Error>`
    E: 'static,
{
    /// A group without tasks, limit or context. An error does not stop the other tasks.
    ///
    /// `E` is inferred if a task ends in an error of it, such as `Err("…".to_owned())`, or if the result of `wait` goes where
    /// its type is known. `?` alone says too little, since it converts: the compiler asks for a type then. Use [`group`], whose
    /// tasks may fail with any error, or name it:
    ///
    /// ```
    /// use gochan::sync::errgroup::Group;
    /// use std::num::ParseIntError;
    ///
    /// let group = Group::<ParseIntError>::new();
    /// group.go(|| {
    ///     println!("{}", "1".parse::<u8>()?);
    ///     Ok(())
    /// });
    /// assert_eq!(group.wait(), Ok(()));
    /// ```
    #[must_use]
    pub fn new() -> Group<E> {
        Group::with_end(None)
    }

    /// A group and its context, derived from `ctx`. The context ends when the first task fails, or else when
    /// [`wait`](Group::wait) returns.
    #[doc(alias = "WithContext")]
    #[must_use]
    pub fn with_context(ctx: &Context) -> (Group<E>, Context) {
        let (ctx, cancel) = ctx.with_cancel();
        (Group::with_end(Some(ContextEnd { cancel, cause: None })), ctx)
    }

    /// Like [`with_context`](Group::with_context), but the first error also sets the context's
    /// [`cause`](Context::cause), as in Go.
    ///
    /// [`wait`](Group::wait) returns the error itself. `cause` makes the context's cause from it, such as its text or a
    /// clone.
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
        (Group::with_end(Some(ContextEnd { cancel, cause: Some(cause) })), ctx)
    }

    fn with_end(end: Option<ContextEnd<E>>) -> Group<E> {
        let state = Mutex::new(GroupState { active: 0, limit: None, errors: Vec::new(), unwound: None });
        Group { shared: Arc::new(SharedGroup { state, room: Cond::new(), idle: Cond::new(), end }) }
    }

    /// Runs `f` in a new goroutine. Waits first while the number of tasks is at its [limit](Group::set_limit).
    #[doc(alias = "Go")]
    #[track_caller]
    pub fn go<F>(&self, f: F)
    where
        F: FnOnce() -> Result<(), E>, // a closure, `|| f(x)`: not a call `f(x)`, nor an `async` block, which nothing would poll
        F: Send,    // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
        F: 'static, // `move ||` owns what it names, clones of handles too; to borrow, use `gochan::scope`
    {
        let state = self.shared.state.lock_as("Group::go", Some(Location::caller()));
        let mut state = self.shared.room.wait_while_as(WaitReason::ErrGroup, state, |state| state.is_full());
        state.active += 1;
        drop(state);
        self.spawn(f);
    }

    /// Like [`go`](Group::go) if there is room; otherwise does nothing and returns false. Never blocks.
    #[doc(alias = "TryGo")]
    #[track_caller]
    pub fn try_go<F>(&self, f: F) -> bool
    where
        F: FnOnce() -> Result<(), E>, // a closure, `|| f(x)`: not a call `f(x)`, nor an `async` block, which nothing would poll
        F: Send,    // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
        F: 'static, // `move ||` owns what it names, clones of handles too; to borrow, use `gochan::scope`
    {
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
        // Dropped when the task ends, or if the goroutine cannot be started.
        let task = Task(self.shared.clone());
        crate::spawn::start::go(move || {
            let outcome = catch_unwind(AssertUnwindSafe(f));
            task.0.note(outcome);
            drop(task);
        });
    }

    /// Limits the number of tasks that run at a time; `None` is no limit, and zero lets none run.
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

    /// Waits until all tasks have ended, then ends the group's context. Parks the goroutine, or blocks the thread
    /// outside of goroutines.
    ///
    /// The group can be used again, but its context cannot.
    ///
    /// # Errors
    /// The first error of a task; the others, which [`wait_all`](Group::wait_all) would return, are dropped. It is
    /// returned once, and another `wait` returns `Ok`. Go programs often wait twice,
    /// the first time in a goroutine that then closes the channel of results. Here that channel closes by itself when
    /// the tasks have dropped their senders; or the goroutine returns the result:
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
    /// Resumes a task's panic. If a task called `goexit`, so does the caller.
    #[doc(alias = "Wait")]
    #[track_caller]
    pub fn wait(&self) -> Result<(), E> {
        self.errors("Group::wait").into_iter().next().map_or(Ok(()), Err)
    }

    /// Like [`wait`](Group::wait), but returns the errors of all tasks, in the order in which they failed: Go's
    /// `errors.Join`. With a context, these include the errors of tasks that stopped because another had failed.
    ///
    /// # Errors
    /// All errors, if there is one.
    ///
    /// # Panics
    /// Like `wait`.
    ///
    /// ```
    /// let group = gochan::sync::errgroup::Group::new();
    /// for n in 0..5 {
    ///     group.go(move || if n % 2 == 0 { Ok(()) } else { Err(n) });
    /// }
    /// let mut failed = group.wait_all().unwrap_err();
    /// failed.sort();
    /// assert_eq!(failed, [1, 3]);
    /// assert_eq!(group.wait_all(), Ok(()));
    /// ```
    #[doc(alias = "errors.Join")]
    #[track_caller]
    pub fn wait_all(&self) -> Result<(), Vec<E>> {
        let errors = self.errors("Group::wait_all");
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Waits, and takes the errors out.
    #[track_caller]
    fn errors(&self, what: &'static str) -> Vec<E> {
        let state = self.shared.state.lock_as(what, Some(Location::caller()));
        let mut state = self.shared.idle.wait_while_as(WaitReason::ErrGroup, state, |state| state.active > 0);
        let (errors, unwound) = (std::mem::take(&mut state.errors), state.unwound.take());
        drop(state);
        self.shared.cancel(None);
        if let Some(payload) = unwound {
            drop_quietly(errors);
            resume_unwind(payload);
        }
        errors
    }
}

impl<E> SharedGroup<E> {
    /// Notes the outcome of a task.
    fn note(&self, outcome: std::thread::Result<Result<(), E>>) {
        // `make` is the user's code: it runs without the lock, and its panic counts as the task's.
        let made = match (&outcome, &self.end) {
            (Ok(Err(error)), Some(ContextEnd { cause: Some(make), .. })) => {
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
        let is_first = state.errors.is_empty() && state.unwound.is_none();
        // The outcome that is not kept is dropped without the lock.
        let _dropped = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                state.errors.push(error);
                None
            }
            Err(payload) if state.unwound.is_none() => {
                state.unwound = Some(payload);
                None
            }
            other => Some(other),
        };
        drop(state);
        // Otherwise another task cancels, with its own cause.
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

impl<E> GroupState<E> {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.active >= limit)
    }
}

/// Counts a task down when it is dropped.
struct Task<E>(Arc<SharedGroup<E>>);

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
    /// Another handle to the same group.
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
