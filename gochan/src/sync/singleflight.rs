//! Making a call once for everybody who asks for it at the same time.
//!
//! ```
//! use gochan::sync::singleflight::Group;
//!
//! let group = Group::new();
//! let (page, shared) = group.run("/index", || "a page that is dear to make".to_owned());
//! assert_eq!(page, "a page that is dear to make");
//! assert!(!shared, "nobody else has asked meanwhile");
//! ```

use super::mutex::Mutex;
use super::once_cell::OnceCell;
use super::panicked::Panicked;
use crate::chan::{Chan, Receiver};
use crate::sched::park::WaitReason;
use std::any::Any;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Calls that are under way, by key: Go's `singleflight.Group`.
///
/// Whoever asks for a key while a call of it is under way waits for that call and gets a clone of its result. When it
/// has ended, the next one makes the call anew: this is no cache. Clones are handles of the same group.
///
/// If the call panics, everybody who waits for it panics with the same message; if it leaves by
/// [`goexit`](crate::runtime::goexit), so do they.
#[doc(alias = "singleflight.Group")]
pub struct Group<K, V> {
    calls: Arc<Mutex<HashMap<K, Arc<Call<V>>>>>,
}

/// A call under way.
struct Call<V> {
    outcome: OnceCell<Result<V, Panicked>>,
    /// Somebody else than the one who makes it has asked.
    shared: AtomicBool,
}

/// How a call ended for one who asked.
type Answer<V> = Result<(V, bool), Ended>;

/// It panicked or exited, for the one who made it with the payload.
enum Ended {
    Here(Box<dyn Any + Send>),
    Elsewhere(Panicked),
}

impl<K, V> Group<K, V>
where
    K: Hash + Eq + Clone,
    V: Clone + Send + Sync,
{
    /// A group without calls.
    pub fn new() -> Group<K, V> {
        Group { calls: Arc::default() }
    }

    /// The result of `f`, or of the call of `key` that is under way. True: several have got it.
    ///
    /// `f` runs on the calling goroutine. The others wait; that parks them.
    ///
    /// # Panics
    /// If the call does, whoever has made it. And if called for the same key from inside of `f`, which would wait
    /// for itself for ever.
    #[doc(alias = "Do")]
    #[doc(alias = "call")]
    #[track_caller]
    pub fn run(&self, key: K, f: impl FnOnce() -> V) -> (V, bool) {
        let (call, making) = self.join(key);
        match Self::answer(&call, making, f, Location::caller()) {
            Ok(answer) => answer,
            Err(Ended::Here(payload)) => resume_unwind(payload),
            Err(Ended::Elsewhere(panicked)) => panicked.raise(),
        }
    }

    /// As [`run`](Group::run), without waiting: the answer comes over a channel. When this returns the call is under
    /// way: who asks from now on gets its result.
    ///
    /// `f`, if it is needed, runs in a goroutine of its own, which reports its panic. A call that has panicked or
    /// exited closes the channel without an answer.
    ///
    /// ```
    /// let group = gochan::sync::singleflight::Group::new();
    /// let answer = group.run_chan(7, || "seven");
    /// assert_eq!(answer.recv(), Some(("seven", false)));
    /// ```
    #[doc(alias = "DoChan")]
    #[track_caller]
    pub fn run_chan<F>(&self, key: K, f: F) -> Receiver<(V, bool)>
    where
        K: Send + 'static,
        V: 'static,
        F: FnOnce() -> V + Send + 'static,
    {
        let (tx, rx) = Chan::with_capacity(1).split();
        let (call, making) = self.join(key);
        let place = Location::caller();
        crate::sched::go(move || match Self::answer(&call, making, f, place) {
            // Nobody may want it any more.
            Ok(answer) => drop(tx.try_send(answer)),
            Err(Ended::Here(payload)) => resume_unwind(payload),
            Err(Ended::Elsewhere(_)) => {}
        });
        rx
    }

    /// [`run`](Group::run) under Go's name, as far as the language lets it have that.
    #[track_caller]
    pub fn do_(&self, key: K, f: impl FnOnce() -> V) -> (V, bool) {
        self.run(key, f)
    }

    /// [`run_chan`](Group::run_chan) under Go's name.
    #[track_caller]
    pub fn do_chan<F>(&self, key: K, f: F) -> Receiver<(V, bool)>
    where
        K: Send + 'static,
        V: 'static,
        F: FnOnce() -> V + Send + 'static,
    {
        self.run_chan(key, f)
    }

    /// Makes the next one who asks for `key` make a call of its own, even if one is under way. Those who wait for
    /// that one go on waiting for it.
    #[doc(alias = "Forget")]
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.calls.lock().remove(key);
    }

    /// Joins the call of `key`, or begins one, which is `f`'s to make.
    fn join(&self, key: K) -> (Arc<Call<V>>, Option<Making<K, V>>) {
        let mut calls = self.calls.lock();
        if let Some(call) = calls.get(&key) {
            call.shared.store(true, Relaxed);
            return (call.clone(), None);
        }
        let call = Arc::new(Call { outcome: OnceCell::reserved(), shared: AtomicBool::new(false) });
        calls.insert(key.clone(), call.clone());
        drop(calls);
        let making = Making { group: self.clone(), key, call: call.clone(), begun: false };
        (call, Some(making))
    }

    #[track_caller]
    fn answer(
        call: &Call<V>,
        making: Option<Making<K, V>>,
        f: impl FnOnce() -> V,
        place: &'static Location<'static>,
    ) -> Answer<V> {
        let mut here = None;
        let f = || {
            catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
                let panicked = Panicked::of(&*payload);
                here = Some(payload);
                panicked
            })
        };
        let outcome = match making {
            Some(making) => making.make(call, f),
            // Should the one who has begun it not be able to make it, somebody else does.
            None => call.outcome.get_or_init_as(WaitReason::SingleFlight, "singleflight", place, f),
        };
        match (outcome, here) {
            (Ok(value), _) => Ok((value.clone(), call.shared.load(Relaxed))),
            (Err(_), Some(payload)) => Err(Ended::Here(payload)),
            (Err(panicked), None) => Err(Ended::Elsewhere(panicked.clone())),
        }
    }
}

/// The duty to make a call that has been begun.
struct Making<K: Hash + Eq, V> {
    group: Group<K, V>,
    key: K,
    call: Arc<Call<V>>,
    begun: bool,
}

impl<K: Hash + Eq, V> Making<K, V> {
    fn make(mut self, call: &Call<V>, f: impl FnOnce() -> Result<V, Panicked>) -> &Result<V, Panicked> {
        self.begun = true;
        call.outcome.fill_reserved(|| {
            let outcome = f();
            // Nobody joins a call that has ended.
            drop(self);
            outcome
        })
    }
}

impl<K: Hash + Eq, V> Drop for Making<K, V> {
    fn drop(&mut self) {
        let mut calls = self.group.calls.lock();
        if calls.get(&self.key).is_some_and(|current| Arc::ptr_eq(current, &self.call)) {
            calls.remove(&self.key);
        }
        drop(calls);
        if !self.begun {
            self.call.outcome.give_up_reserved();
        }
    }
}

impl<K, V> Clone for Group<K, V> {
    /// Another handle of the same group.
    fn clone(&self) -> Group<K, V> {
        Group { calls: self.calls.clone() }
    }
}

impl<K, V> Default for Group<K, V> {
    fn default() -> Group<K, V> {
        Group { calls: Arc::default() }
    }
}

impl<K: fmt::Debug, V> fmt::Debug for Group<K, V> {
    /// Shows the keys of the calls under way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.calls.try_lock() {
            Some(calls) => f.debug_set().entries(calls.keys()).finish(),
            None => f.write_str("{<locked>}"),
        }
    }
}
