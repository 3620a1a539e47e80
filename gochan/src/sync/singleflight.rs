//! Sharing one call among all concurrent callers.
//!
//! ```
//! use gochan::sync::singleflight::Group;
//!
//! let group = Group::new();
//! let (page, shared) = group.run("/index", || "an expensive page".to_owned());
//! assert_eq!(page, "an expensive page");
//! assert!(!shared, "no other caller has asked meanwhile");
//! ```

use super::mutex::Mutex;
use super::once_cell::OnceCell;
use super::panicked::Panicked;
use crate::base::location::SourceLocation;
use crate::chan::{Chan, Receiver};
use crate::sched::park::WaitReason;
use std::any::Any;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Shares calls in progress by key: Go's `singleflight.Group`.
///
/// A caller that asks for a key while a call for it is in progress waits for that call and gets a clone of its result.
/// After that call has ended, the next caller makes a new one: this is not a cache. Clones are handles to the same
/// group.
///
/// If the call panics, all callers that wait for it panic with the same message; if it calls
/// [`goexit`](crate::runtime::goexit), so do they.
#[doc(alias = "singleflight.Group")]
pub struct Group<K, V> {
    shared: Arc<CallTable<K, V>>,
}

struct CallTable<K, V> {
    hasher: RandomState,
    calls: Mutex<CallsByHash<K, V>>,
}

/// Calls by the hash of their keys. Calls with equal hashes are rare.
///
/// Hashing, comparing and dropping keys runs the user's code, so it happens without the lock. A list that was searched
/// is replaced only if it is still the current one.
type CallsByHash<K, V> = HashMap<u64, CallList<K, V>>;
type CallList<K, V> = Arc<Vec<Arc<SharedCall<K, V>>>>;

/// A call in progress.
struct SharedCall<K, V> {
    key: K,
    hash: u64,
    outcome: OnceCell<Result<V, Panicked>>,
    /// Another caller than the one that makes the call has asked.
    shared: AtomicBool,
}

/// How a call ended for one of its callers.
type Answer<V> = Result<(V, bool), NoResult>;

/// A call, and the duty to make it if this caller has begun it.
type Joined<K, V> = (Arc<SharedCall<K, V>>, Option<Making<K, V>>);

/// The call panicked or exited. The caller that made it gets the payload.
enum NoResult {
    Here(Box<dyn Any + Send>),
    Elsewhere(Panicked),
}

impl<K, V> Group<K, V>
where
    K: Hash + Eq + Clone,
    V: Clone + Send + Sync,
{
    /// An empty group.
    #[must_use]
    pub fn new() -> Group<K, V> {
        Group::default()
    }

    /// The result of `f`, or of the call for `key` in progress. The flag is true if several callers have got it.
    ///
    /// `f` runs on the calling goroutine. Other callers wait; that parks the goroutine, or blocks the thread outside of
    /// goroutines.
    ///
    /// # Panics
    /// If the call panics, even if another caller makes it. If called for the same key from within `f`, which would
    /// wait for itself forever.
    #[doc(alias = "Do")]
    #[doc(alias = "call")]
    #[track_caller]
    pub fn run(&self, key: K, f: impl FnOnce() -> V) -> (V, bool) {
        let (call, making) = self.join(key);
        match Self::answer(&call, making, f, Location::caller()) {
            Ok(answer) => answer,
            Err(NoResult::Here(payload)) => resume_unwind(payload),
            Err(NoResult::Elsewhere(panicked)) => panicked.raise(),
        }
    }

    /// Like [`run`](Group::run), without blocking: the result comes over a channel. When this returns, the call is in
    /// progress, and later callers share its result.
    ///
    /// `f`, if needed, runs in a new goroutine, which reports a panic. If the call panics or exits, the channel closes
    /// without a result.
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
        K: Send + Sync + 'static,
        V: 'static,
        F: FnOnce() -> V + Send + 'static,
    {
        let (tx, rx) = Chan::with_capacity(1).split();
        let (call, making) = self.join(key);
        let place = Location::caller();
        crate::spawn::start::go(move || match Self::answer(&call, making, f, place) {
            // The receiver may be gone.
            Ok(answer) => drop(tx.try_send(answer)),
            Err(NoResult::Here(payload)) => resume_unwind(payload),
            Err(NoResult::Elsewhere(_)) => {}
        });
        rx
    }

    /// [`run`](Group::run) under Go's name; `do` is a keyword in Rust.
    #[track_caller]
    pub fn do_(&self, key: K, f: impl FnOnce() -> V) -> (V, bool) {
        self.run(key, f)
    }

    /// [`run_chan`](Group::run_chan) under Go's name.
    #[track_caller]
    pub fn do_chan<F>(&self, key: K, f: F) -> Receiver<(V, bool)>
    where
        K: Send + Sync + 'static,
        V: 'static,
        F: FnOnce() -> V + Send + 'static,
    {
        self.run_chan(key, f)
    }

    /// Makes the next caller for `key` start a new call, even if one is in progress. Callers that wait for the old call
    /// get its result. Never blocks.
    #[doc(alias = "Forget")]
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.shared.hasher.hash_one(key);
        loop {
            let list = self.shared.list(hash);
            let calls = || list.iter().flat_map(|list| list.iter());
            let Some(forgotten) = calls().find(|call| call.key.borrow() == key) else { return };
            let left = calls().filter(|call| !Arc::ptr_eq(call, forgotten)).cloned().collect();
            if self.shared.replace(hash, &list, left) {
                return;
            }
        }
    }

    /// Joins the call for `key`, or begins one that the caller must make.
    fn join(&self, key: K) -> Joined<K, V> {
        let hash = self.shared.hasher.hash_one(&key);
        let outcome = OnceCell::reserved();
        let own = Arc::new(SharedCall { key, hash, outcome, shared: AtomicBool::new(false) });
        loop {
            let list = self.shared.list(hash);
            let calls = || list.iter().flat_map(|list| list.iter());
            if let Some(call) = calls().find(|call| call.key == own.key) {
                if self.shared.join(call, &list) {
                    return (call.clone(), None);
                }
            } else if self.shared.replace(hash, &list, calls().chain([&own]).cloned().collect()) {
                let making = Making { group: self.clone(), call: own.clone(), begun: false };
                return (own, Some(making));
            }
        }
    }

    #[track_caller]
    fn answer(
        call: &SharedCall<K, V>,
        making: Option<Making<K, V>>,
        f: impl FnOnce() -> V,
        place: SourceLocation,
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
            // If the caller that began the call cannot make it, a waiting caller does.
            None => call.outcome.get_or_init_as(WaitReason::SingleFlight, "singleflight", place, f),
        };
        match (outcome, here) {
            (Ok(value), _) => Ok((value.clone(), call.shared.load(Relaxed))),
            (Err(_), Some(payload)) => Err(NoResult::Here(payload)),
            (Err(panicked), None) => Err(NoResult::Elsewhere(panicked.clone())),
        }
    }
}

impl<K, V> CallTable<K, V> {
    /// The calls of keys with this hash.
    fn list(&self, hash: u64) -> Option<CallList<K, V>> {
        self.calls.lock().get(&hash).cloned()
    }

    /// Notes one more caller for `call`, which is in `list`. False if `list` is no longer current: the call may have
    /// ended.
    fn join(&self, call: &SharedCall<K, V>, list: &Option<CallList<K, V>>) -> bool {
        let calls = self.calls.lock();
        let is_current = is_same(calls.get(&call.hash), list.as_ref());
        if is_current {
            call.shared.store(true, Relaxed);
        }
        is_current
    }

    /// Replaces `list` by `next`. False if `list` is no longer current.
    fn replace(&self, hash: u64, list: &Option<CallList<K, V>>, next: Vec<Arc<SharedCall<K, V>>>) -> bool {
        let mut calls = self.calls.lock();
        if !is_same(calls.get(&hash), list.as_ref()) {
            return false;
        }
        let before = if next.is_empty() { calls.remove(&hash) } else { calls.insert(hash, Arc::new(next)) };
        // Keys are dropped without the lock.
        drop(calls);
        drop(before);
        true
    }
}

fn is_same<K, V>(one: Option<&CallList<K, V>>, other: Option<&CallList<K, V>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The duty to make a call that has been begun.
struct Making<K, V> {
    group: Group<K, V>,
    call: Arc<SharedCall<K, V>>,
    begun: bool,
}

impl<K, V> Making<K, V> {
    fn make(
        mut self,
        call: &SharedCall<K, V>,
        f: impl FnOnce() -> Result<V, Panicked>,
    ) -> &Result<V, Panicked> {
        self.begun = true;
        call.outcome.fill_reserved(|| {
            let outcome = f();
            // Nobody joins a call that has ended.
            drop(self);
            outcome
        })
    }
}

impl<K, V> Drop for Making<K, V> {
    fn drop(&mut self) {
        let (shared, call) = (&self.group.shared, &self.call);
        while let Some(list) = shared.list(call.hash) {
            let left: Vec<_> = list.iter().filter(|other| !Arc::ptr_eq(other, call)).cloned().collect();
            // Otherwise the call has been forgotten.
            if left.len() == list.len() || shared.replace(call.hash, &Some(list), left) {
                break;
            }
        }
        if !self.begun {
            call.outcome.give_up_reserved();
        }
    }
}

impl<K, V> Clone for Group<K, V> {
    /// Another handle to the same group.
    fn clone(&self) -> Group<K, V> {
        Group { shared: self.shared.clone() }
    }
}

impl<K, V> Default for Group<K, V> {
    fn default() -> Group<K, V> {
        Group { shared: Arc::new(CallTable { hasher: RandomState::new(), calls: Mutex::default() }) }
    }
}

impl<K: fmt::Debug, V> fmt::Debug for Group<K, V> {
    /// Shows the keys of the calls in progress.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(calls) = self.shared.calls.try_lock() else { return f.write_str("{<locked>}") };
        let lists: Vec<_> = calls.values().cloned().collect();
        drop(calls);
        f.debug_set().entries(lists.iter().flat_map(|list| list.iter()).map(|call| &call.key)).finish()
    }
}
