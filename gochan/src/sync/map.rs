//! A map that many goroutines use at once.

use crate::callback::drop_quietly;
use crate::sched::bubble::{between_points_touching, point_after, point_before_touching};
use crate::sched::touch::Touch;
use papaya::{Compute, Equivalent, HashMap, Operation};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::Location;

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
    table: HashMap<Key<K>, Held<V>, BuildHasherDefault<Prehashed>>,
    hasher: S,
}

impl<K, V> Map<K, V> {
    /// An empty map.
    pub fn new() -> Map<K, V> {
        Map::with_hasher(RandomState::new())
    }
}

impl<K, V, S> Map<K, V, S> {
    /// An empty map with a hasher of one's own.
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
        between_points_touching(
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
        between_points_touching(
            || Touch::write(self),
            "Map::store",
            || {
                self.table.pin().insert(self.key(key), Held::new(value));
            },
        );
    }

    /// Sets the value of `key` and returns the one it had.
    #[doc(alias = "Swap")]
    #[track_caller]
    pub fn swap(&self, key: K, value: V) -> Option<V> {
        between_points_touching(
            || Touch::write(self),
            "Map::swap",
            || {
                let table = self.table.pin();
                table.insert(self.key(key), Held::new(value)).map(|value| V::clone(value))
            },
        )
    }

    /// The value of `key`, which is set to `value` if there was none. True: there was one.
    #[doc(alias = "LoadOrStore")]
    #[doc(alias = "get_or_insert")]
    #[track_caller]
    pub fn load_or_store(&self, key: K, value: V) -> (V, bool) {
        between_points_touching(
            || Touch::write(self),
            "Map::load_or_store",
            || match self.table.pin().try_insert(self.key(key), Held::new(value)) {
                Ok(stored) => (V::clone(stored), false),
                Err(occupied) => (V::clone(occupied.current), true),
            },
        )
    }

    /// Takes `key` out and returns the value it had.
    #[doc(alias = "LoadAndDelete")]
    #[doc(alias = "remove")]
    #[track_caller]
    pub fn load_and_delete<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        between_points_touching(
            || Touch::write(self),
            "Map::load_and_delete",
            || self.table.pin().remove(&self.lookup(key)).map(|value| V::clone(value)),
        )
    }

    /// Takes `key` out; true if it was there.
    #[doc(alias = "Delete")]
    #[track_caller]
    pub fn delete<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        between_points_touching(
            || Touch::write(self),
            "Map::delete",
            || self.table.pin().remove(&self.lookup(key)).is_some(),
        )
    }

    /// Sets the value of `key` to `new` if it is `old`; true if so.
    ///
    /// `==` may be called several times, if others change the value meanwhile.
    #[doc(alias = "CompareAndSwap")]
    #[track_caller]
    pub fn compare_and_swap(&self, key: K, old: &V, new: V) -> bool
    where
        V: PartialEq,
    {
        between_points_touching(
            || Touch::write(self),
            "Map::compare_and_swap",
            || {
                let table = self.table.pin();
                let outcome = table.compute(self.key(key), |entry| match entry {
                    Some((_, value)) if **value == *old => Operation::Insert(Held::new(new.clone())),
                    _ => Operation::Abort(()),
                });
                !matches!(outcome, Compute::Aborted(()))
            },
        )
    }

    /// Takes `key` out if its value is `old`; true if so.
    #[doc(alias = "CompareAndDelete")]
    #[track_caller]
    pub fn compare_and_delete<Q>(&self, key: &Q, old: &V) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: PartialEq,
    {
        between_points_touching(
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
        point_before_touching(|| Touch::read(self), "Map::range", Some(Location::caller()));
        let table = self.table.pin();
        // A key that is deleted and stored again meanwhile may come up twice.
        let mut seen = HashSet::with_capacity(table.len());
        for (key, value) in &table {
            if seen.insert(key) {
                // What was stored when the key came up may have changed by the time that `f` looks.
                point_after("Map::range");
                if !f(&key.key, value) {
                    return;
                }
            }
        }
    }

    fn lookup<'q, Q: Hash + ?Sized>(&self, key: &'q Q) -> Lookup<'q, Q> {
        Lookup { hash: self.hasher.hash_one(key), key }
    }

    /// Deletes everything.
    #[doc(alias = "Clear")]
    #[track_caller]
    pub fn clear(&self) {
        between_points_touching(|| Touch::write(self), "Map::clear", || self.table.pin().clear());
    }

    /// How many keys there are; while others change the map, about how many.
    #[track_caller]
    pub fn len(&self) -> usize {
        between_points_touching(|| Touch::read(self), "Map::len", || self.table.len())
    }

    /// True if there are no keys.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        between_points_touching(|| Touch::read(self), "Map::is_empty", || self.table.is_empty())
    }
}

impl<K, V, S> Map<K, V, S>
where
    K: Hash,
    S: BuildHasher,
{
    fn key(&self, key: K) -> Key<K> {
        Key { hash: self.hasher.hash_one(&key), key: Held::new(key) }
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
            // One pin for each entry: the iterator may do anything in between, such as wait.
            map.table.pin().insert(key, Held::new(value));
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

/// A key or value in the table. The table must not unwind in the middle of its work: a destructor that panics is reported by
/// the panic hook, and the panic ends there.
struct Held<T>(ManuallyDrop<T>);

impl<T> Held<T> {
    fn new(value: T) -> Held<T> {
        Held(ManuallyDrop::new(value))
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for Held<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: dropped once, here.
        let value = unsafe { ManuallyDrop::take(&mut self.0) };
        if std::mem::needs_drop::<T>() {
            drop_quietly(value);
        }
    }
}

/// A key with its hash: that is asked for before the table begins its work, and never by the table itself.
struct Key<K> {
    hash: u64,
    key: Held<K>,
}

impl<K> Hash for Key<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<K: Eq> PartialEq for Key<K> {
    fn eq(&self, other: &Key<K>) -> bool {
        self.hash == other.hash && *self.key == *other.key
    }
}

impl<K: Eq> Eq for Key<K> {}

/// A key that is looked for, with its hash.
struct Lookup<'q, Q: ?Sized> {
    hash: u64,
    key: &'q Q,
}

impl<Q: ?Sized> Hash for Lookup<'_, Q> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<K: Borrow<Q>, Q: Eq + ?Sized> Equivalent<Key<K>> for Lookup<'_, Q> {
    fn equivalent(&self, key: &Key<K>) -> bool {
        self.hash == key.hash && *self.key == *(*key.key).borrow()
    }
}

/// Takes the hash of a [`Key`] for what it is.
#[derive(Default)]
struct Prehashed(u64);

impl Hasher for Prehashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are hashed by their hash alone");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
