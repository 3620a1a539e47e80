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
use std::hash::{BuildHasher, Hash, RandomState};
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
    shared: Arc<Shared<K, V>>,
}

struct Shared<K, V> {
    hasher: RandomState,
    calls: Mutex<Calls<K, V>>,
}

/// Calls by the hash of their keys. Several have one hash only by chance.
///
/// Keys are the user's: they are hashed, compared and dropped while the lock is free. So a list that has been looked through
/// is changed only if it is still the same one.
type Calls<K, V> = HashMap<u64, List<K, V>>;
type List<K, V> = Arc<Vec<Arc<Call<K, V>>>>;

/// A call under way.
struct Call<K, V> {
    key: K,
    hash: u64,
    outcome: OnceCell<Result<V, Panicked>>,
    /// Somebody else than the one who makes it has asked.
    shared: AtomicBool,
}

/// How a call ended for one who asked.
type Answer<V> = Result<(V, bool), Ended>;

/// A call, and the duty to make it if the caller has begun it.
type Joined<K, V> = (Arc<Call<K, V>>, Option<Making<K, V>>);

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
        Group::default()
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
        K: Send + Sync + 'static,
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
        K: Send + Sync + 'static,
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

    /// Joins the call of `key`, or begins one, which is `f`'s to make.
    fn join(&self, key: K) -> Joined<K, V> {
        let hash = self.shared.hasher.hash_one(&key);
        let outcome = OnceCell::reserved();
        let own = Arc::new(Call { key, hash, outcome, shared: AtomicBool::new(false) });
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
        call: &Call<K, V>,
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

impl<K, V> Shared<K, V> {
    /// The calls of keys with this hash.
    fn list(&self, hash: u64) -> Option<List<K, V>> {
        self.calls.lock().get(&hash).cloned()
    }

    /// Notes that `call`, which is in `list`, is asked for once more. False if the list is another by now: the call may have
    /// ended.
    fn join(&self, call: &Call<K, V>, list: &Option<List<K, V>>) -> bool {
        let calls = self.calls.lock();
        let is_current = is_same(calls.get(&call.hash), list.as_ref());
        if is_current {
            call.shared.store(true, Relaxed);
        }
        is_current
    }

    /// Puts `next` in the place of `list`. False if the list is another by now.
    fn replace(&self, hash: u64, list: &Option<List<K, V>>, next: Vec<Arc<Call<K, V>>>) -> bool {
        let mut calls = self.calls.lock();
        if !is_same(calls.get(&hash), list.as_ref()) {
            return false;
        }
        let before = if next.is_empty() { calls.remove(&hash) } else { calls.insert(hash, Arc::new(next)) };
        // Keys are dropped when the lock is free.
        drop(calls);
        drop(before);
        true
    }
}

fn is_same<K, V>(one: Option<&List<K, V>>, other: Option<&List<K, V>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The duty to make a call that has been begun.
struct Making<K, V> {
    group: Group<K, V>,
    call: Arc<Call<K, V>>,
    begun: bool,
}

impl<K, V> Making<K, V> {
    fn make(mut self, call: &Call<K, V>, f: impl FnOnce() -> Result<V, Panicked>) -> &Result<V, Panicked> {
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
            // Else it has been forgotten.
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
    /// Another handle of the same group.
    fn clone(&self) -> Group<K, V> {
        Group { shared: self.shared.clone() }
    }
}

impl<K, V> Default for Group<K, V> {
    fn default() -> Group<K, V> {
        Group { shared: Arc::new(Shared { hasher: RandomState::new(), calls: Mutex::default() }) }
    }
}

impl<K: fmt::Debug, V> fmt::Debug for Group<K, V> {
    /// Shows the keys of the calls under way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(calls) = self.shared.calls.try_lock() else { return f.write_str("{<locked>}") };
        let lists: Vec<_> = calls.values().cloned().collect();
        drop(calls);
        f.debug_set().entries(lists.iter().flat_map(|list| list.iter()).map(|call| &call.key)).finish()
    }
}
