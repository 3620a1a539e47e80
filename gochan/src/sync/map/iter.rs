//! Iterating over a map.

use super::Map;
use std::hash::{BuildHasher, Hash};
use std::iter::FusedIterator;
use std::vec;

/// The entries of a [`Map`], cloned when the iteration began.
#[derive(Debug, Clone)]
pub struct MapIter<K, V>(vec::IntoIter<(K, V)>);

impl<K, V, S> Map<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    /// Clones of the entries, in no particular order. They are taken at once, as [`range`](Map::range) visits them: the
    /// loop may wait and may change the map, and does not see what changes meanwhile. Linear in the size of the map.
    ///
    /// ```
    /// let ages = gochan::sync::Map::from_iter([("ann", 30), ("bob", 7)]);
    /// for (name, age) in &ages {
    ///     ages.store(name, age + 1);
    /// }
    /// let mut all: Vec<_> = ages.iter().collect();
    /// all.sort();
    /// assert_eq!(all, [("ann", 31), ("bob", 8)]);
    /// ```
    #[track_caller]
    pub fn iter(&self) -> MapIter<K, V> {
        let mut entries = Vec::with_capacity(self.table.len());
        self.range(|key, value| {
            entries.push((key.clone(), value.clone()));
            true
        });
        MapIter(entries.into_iter())
    }
}

impl<K, V, S> IntoIterator for &Map<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    type Item = (K, V);
    type IntoIter = MapIter<K, V>;

    fn into_iter(self) -> MapIter<K, V> {
        self.iter()
    }
}

impl<K, V> Iterator for MapIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K, V> ExactSizeIterator for MapIter<K, V> {}
impl<K, V> FusedIterator for MapIter<K, V> {}
