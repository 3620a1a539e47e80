//! What the table holds: keys with their hashes, and values whose destructors cannot unwind into it.

use crate::base::callback::drop_quietly;
use papaya::Equivalent;
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::mem::ManuallyDrop;
use std::ops::Deref;

/// A key or value in the table. The table must not unwind in the middle of its work, so a panic of a destructor is only
/// reported by the panic hook and ends here.
pub(super) struct QuietDrop<T>(ManuallyDrop<T>);

impl<T> QuietDrop<T> {
    pub(super) fn new(value: T) -> QuietDrop<T> {
        QuietDrop(ManuallyDrop::new(value))
    }
}

impl<T> Deref for QuietDrop<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for QuietDrop<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: dropped once, here.
        let value = unsafe { ManuallyDrop::take(&mut self.0) };
        if std::mem::needs_drop::<T>() {
            drop_quietly(value);
        }
    }
}

/// A key with its hash, which is computed before the table begins its work.
pub(super) struct Key<K> {
    pub(super) hash: u64,
    pub(super) key: QuietDrop<K>,
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

/// A key to search for, with its hash.
pub(super) struct Lookup<'q, Q: ?Sized> {
    pub(super) hash: u64,
    pub(super) key: &'q Q,
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

/// Returns the hash of a [`Key`] unchanged.
#[derive(Default)]
pub(super) struct Prehashed(u64);

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
