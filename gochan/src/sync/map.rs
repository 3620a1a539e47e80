//! A map that many goroutines use at once.

use crate::sched::bubble::between_points;
use papaya::{Compute, HashMap, Operation};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};

/// A concurrent hash map: Go's `sync.Map` with types.
///
/// Every operation is atomic, none locks or parks, and reads do not disturb each other at all. Values come out as
/// clones; put what is dear to clone into an `Arc`. For a few keys, or operations over several of them, a
/// [`Mutex`](super::Mutex) or [`RwLock`](super::RwLock) around a plain map may serve better.
///
/// What is taken out of the map or replaced is dropped once no goroutine looks at it any more, perhaps later and on
/// another thread.
///
/// The table is that of the [`papaya`](https://docs.rs/papaya) crate.
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
    table: HashMap<K, V, S>,
}

impl<K, V> Map<K, V> {
    /// An empty map.
    pub fn new() -> Map<K, V> {
        Map { table: HashMap::new() }
    }
}

impl<K, V, S> Map<K, V, S> {
    /// An empty map with a hasher of one's own.
    pub fn with_hasher(hasher: S) -> Map<K, V, S> {
        Map { table: HashMap::with_hasher(hasher) }
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
    pub fn load<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        between_points(|| self.table.pin().get(key).cloned())
    }

    /// Sets the value of `key`.
    #[doc(alias = "Store")]
    #[doc(alias = "insert")]
    pub fn store(&self, key: K, value: V) {
        between_points(|| {
            self.table.pin().insert(key, value);
        });
    }

    /// Sets the value of `key` and returns the one it had.
    #[doc(alias = "Swap")]
    pub fn swap(&self, key: K, value: V) -> Option<V> {
        between_points(|| self.table.pin().insert(key, value).cloned())
    }

    /// The value of `key`, which is set to `value` if there was none. True: there was one.
    #[doc(alias = "LoadOrStore")]
    #[doc(alias = "get_or_insert")]
    pub fn load_or_store(&self, key: K, value: V) -> (V, bool) {
        between_points(|| match self.table.pin().try_insert(key, value) {
            Ok(stored) => (stored.clone(), false),
            Err(occupied) => (occupied.current.clone(), true),
        })
    }

    /// Takes `key` out and returns the value it had.
    #[doc(alias = "LoadAndDelete")]
    #[doc(alias = "remove")]
    pub fn load_and_delete<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        between_points(|| self.table.pin().remove(key).cloned())
    }

    /// Takes `key` out; true if it was there.
    #[doc(alias = "Delete")]
    pub fn delete<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        between_points(|| self.table.pin().remove(key).is_some())
    }

    /// Sets the value of `key` to `new` if it is `old`; true if so.
    ///
    /// `==` may be called several times, if others change the value meanwhile.
    #[doc(alias = "CompareAndSwap")]
    pub fn compare_and_swap(&self, key: K, old: &V, new: V) -> bool
    where
        V: PartialEq,
    {
        between_points(|| {
            let table = self.table.pin();
            let outcome = table.compute(key, |entry| match entry {
                Some((_, value)) if value == old => Operation::Insert(new.clone()),
                _ => Operation::Abort(()),
            });
            !matches!(outcome, Compute::Aborted(()))
        })
    }

    /// Takes `key` out if its value is `old`; true if so.
    #[doc(alias = "CompareAndDelete")]
    pub fn compare_and_delete<Q>(&self, key: &Q, old: &V) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: PartialEq,
    {
        between_points(|| matches!(self.table.pin().remove_if(key, |_, value| value == old), Ok(Some(_))))
    }

    /// Calls `f` for each key and its value, in no particular order, until it returns false.
    ///
    /// Each key is visited at most once. Not a snapshot: what is stored or deleted meanwhile may be visited or not.
    /// `f` may use the map. Linear in the size of the map.
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
    #[doc(alias = "iter")]
    pub fn range(&self, mut f: impl FnMut(&K, &V) -> bool) {
        let table = self.table.pin();
        // A key that is deleted and stored again meanwhile may come up twice.
        let mut seen = HashSet::with_capacity(table.len());
        for (key, value) in &table {
            if seen.insert(key) && !f(key, value) {
                return;
            }
        }
    }

    /// Deletes everything.
    #[doc(alias = "Clear")]
    pub fn clear(&self) {
        between_points(|| self.table.pin().clear());
    }

    /// How many keys there are; while others change the map, about how many.
    pub fn len(&self) -> usize {
        between_points(|| self.table.len())
    }

    /// True if there are no keys.
    pub fn is_empty(&self) -> bool {
        between_points(|| self.table.is_empty())
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
        Map { table: entries.into_iter().collect() }
    }
}

impl<K, V, S> fmt::Debug for Map<K, V, S>
where
    K: Hash + Eq + fmt::Debug,
    V: fmt::Debug,
    S: BuildHasher,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.table.pin().iter()).finish()
    }
}
