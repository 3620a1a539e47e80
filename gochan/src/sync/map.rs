//! A concurrent map.

mod entry;
mod iter;

pub use iter::MapIter;

use crate::base::touch::Touch;
use crate::points;
use entry::{Key, Lookup, Prehashed, QuietDrop};
use papaya::{Compute, HashMap, Operation};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, RandomState};
use std::panic::Location;

/// A concurrent hash map: Go's `sync.Map` with types.
///
/// Every operation is atomic; none locks or parks, and reads do not slow each other down. Operations return clones of
/// values; put values that are expensive to clone into an `Arc`. For a few keys, or operations on several keys at once,
/// a [`Mutex`](super::Mutex) or [`RwLock`](super::RwLock) around a plain map may be better.
///
/// A removed or replaced entry is dropped once no goroutine reads it any more, possibly later and on another thread.
///
/// The table is from the [`papaya`](https://docs.rs/papaya) crate.
///
/// ```
/// use gochan::sync::Map;
///
/// let ages = Map::new();
/// ages.store("ann", 30);
/// assert_eq!(ages.load("ann"), Some(30));
/// assert_eq!(ages.load_or_store("bob", 7), (7, false));
/// assert_eq!(ages.load_or_store("bob", 8), (7, true));
/// assert!(ages.compare_and_swap("bob", &7, 9));
/// assert_eq!(ages.load_and_delete("bob"), Some(9));
/// assert_eq!(ages.load("bob"), None);
/// ```
#[doc(alias = "sync.Map")]
pub struct Map<K, V, S = RandomState> {
    table: HashMap<Key<K>, QuietDrop<V>, BuildHasherDefault<Prehashed>>,
    hasher: S,
}

impl<K, V> Map<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new() -> Map<K, V> {
        Map::with_hasher(RandomState::new())
    }
}

impl<K, V, S> Map<K, V, S> {
    /// An empty map with the given hasher.
    pub fn with_hasher(hasher: S) -> Map<K, V, S> {
        Map { table: HashMap::with_hasher(BuildHasherDefault::default()), hasher }
    }
}

impl<K, V, S> Map<K, V, S>
where
    K: Hash + Eq,
    V: Clone,
    S: BuildHasher,
{
    /// The value of `key`, if there is one.
    #[doc(alias = "Load")]
    #[doc(alias = "get")]
    #[inline]
    #[track_caller]
    pub fn load<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        points::around(
            || Touch::read(self),
            "Map::load",
            || self.table.pin().get(&self.lookup(key)).map(|value| V::clone(value)),
        )
    }

    /// Sets the value of `key`.
    #[doc(alias = "Store")]
    #[doc(alias = "insert")]
    #[track_caller]
    pub fn store(&self, key: K, value: V) {
        points::around(
            || Touch::write(self),
            "Map::store",
            || {
                self.table.pin().insert(self.key(key), QuietDrop::new(value));
            },
        );
    }

    /// Sets the value of `key` and returns the previous value.
    #[doc(alias = "Swap")]
    #[track_caller]
    pub fn swap(&self, key: K, value: V) -> Option<V> {
        points::around(
            || Touch::write(self),
            "Map::swap",
            || {
                let table = self.table.pin();
                table.insert(self.key(key), QuietDrop::new(value)).map(|value| V::clone(value))
            },
        )
    }

    /// The value of `key`, which is set to `value` if there was none. The flag is true if there was one.
    #[doc(alias = "LoadOrStore")]
    #[doc(alias = "get_or_insert")]
    #[track_caller]
    pub fn load_or_store(&self, key: K, value: V) -> (V, bool) {
        points::around(
            || Touch::write(self),
            "Map::load_or_store",
            || match self.table.pin().try_insert(self.key(key), QuietDrop::new(value)) {
                Ok(stored) => (V::clone(stored), false),
                Err(occupied) => (V::clone(occupied.current), true),
            },
        )
    }

    /// Removes `key` and returns its value.
    #[doc(alias = "LoadAndDelete")]
    #[doc(alias = "remove")]
    #[track_caller]
    pub fn load_and_delete<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        points::around(
            || Touch::write(self),
            "Map::load_and_delete",
            || self.table.pin().remove(&self.lookup(key)).map(|value| V::clone(value)),
        )
    }

    /// Removes `key`; true if it was there.
    #[doc(alias = "Delete")]
    #[track_caller]
    pub fn delete<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        points::around(
            || Touch::write(self),
            "Map::delete",
            || self.table.pin().remove(&self.lookup(key)).is_some(),
        )
    }

    /// Sets the value of `key` to `new` if it equals `old`; true if so.
    ///
    /// `==` may be called several times if others change the value meanwhile.
    #[doc(alias = "CompareAndSwap")]
    #[track_caller]
    pub fn compare_and_swap(&self, key: K, old: &V, new: V) -> bool
    where
        V: PartialEq,
    {
        points::around(
            || Touch::write(self),
            "Map::compare_and_swap",
            || {
                let table = self.table.pin();
                let outcome = table.compute(self.key(key), |entry| match entry {
                    Some((_, value)) if **value == *old => Operation::Insert(QuietDrop::new(new.clone())),
                    _ => Operation::Abort(()),
                });
                !matches!(outcome, Compute::Aborted(()))
            },
        )
    }

    /// Removes `key` if its value equals `old`; true if so.
    #[doc(alias = "CompareAndDelete")]
    #[track_caller]
    pub fn compare_and_delete<Q>(&self, key: &Q, old: &V) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: PartialEq,
    {
        points::around(
            || Touch::write(self),
            "Map::compare_and_delete",
            || {
                self.table
                    .pin()
                    .remove_if(&self.lookup(key), |_, value| **value == *old)
                    .is_ok_and(|entry| entry.is_some())
            },
        )
    }

    /// Calls `f` for each key and its value, in no particular order, until it returns false.
    ///
    /// Each key is visited at most once. This is not a snapshot: entries stored or deleted meanwhile may be visited or
    /// not. `f` may use the map. Linear in the size of the map.
    ///
    /// ```
    /// let map = gochan::sync::Map::new();
    /// (1..=4).for_each(|n| map.store(n, n * n));
    /// let mut sum = 0;
    /// map.range(|_, square| {
    ///     sum += square;
    ///     true
    /// });
    /// assert_eq!(sum, 30);
    /// ```
    #[doc(alias = "Range")]
    pub fn range(&self, mut f: impl FnMut(&K, &V) -> bool) {
        points::before(|| Touch::read(self), "Map::range", Some(Location::caller()));
        let table = self.table.pin();
        // The table may yield a key twice if it is deleted and stored again meanwhile.
        let mut seen = HashSet::with_capacity(table.len());
        for (key, value) in &table {
            if seen.insert(key) {
                // The value may have changed since the table yielded the key.
                points::after_unpolled("Map::range", Some(Location::caller()));
                if !f(&key.key, value) {
                    return;
                }
            }
        }
    }

    fn lookup<'q, Q: Hash + ?Sized>(&self, key: &'q Q) -> Lookup<'q, Q> {
        Lookup { hash: self.hasher.hash_one(key), key }
    }

    /// Removes all entries.
    #[doc(alias = "Clear")]
    #[track_caller]
    pub fn clear(&self) {
        points::around(|| Touch::write(self), "Map::clear", || self.table.pin().clear());
    }

    /// The number of keys; approximate while others change the map.
    #[track_caller]
    pub fn len(&self) -> usize {
        points::around(|| Touch::read(self), "Map::len", || self.table.len())
    }

    /// True if there are no keys.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        points::around(|| Touch::read(self), "Map::is_empty", || self.table.is_empty())
    }
}

impl<K, V, S> Map<K, V, S>
where
    K: Hash,
    S: BuildHasher,
{
    fn key(&self, key: K) -> Key<K> {
        Key { hash: self.hasher.hash_one(&key), key: QuietDrop::new(key) }
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Map<K, V> {
        Map::new()
    }
}

impl<K, V> FromIterator<(K, V)> for Map<K, V>
where
    K: Hash + Eq,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Map<K, V> {
        let map = Map::new();
        for (key, value) in entries {
            let key = map.key(key);
            // One pin for each entry, since the iterator may do anything in between, such as wait.
            map.table.pin().insert(key, QuietDrop::new(value));
        }
        map
    }
}

impl<K, V, S> fmt::Debug for Map<K, V, S>
where
    K: Hash + Eq + fmt::Debug,
    V: fmt::Debug,
    S: BuildHasher,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.table.pin().iter().map(|(key, value)| (&*key.key, &**value))).finish()
    }
}
