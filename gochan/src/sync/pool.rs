//! A pool of values that are reused instead of made anew.

use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::points;
use crossbeam_utils::CachePadded;
use std::fmt;
use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::thread::available_parallelism;

/// The number of puts on a shelf after which values that stayed unused are dropped.
const SEASON: u32 = 1024;

/// A set of reusable values that are expensive to make, such as buffers: Go's `sync.Pool`.
///
/// [`get`](Pool::get) moves a value out of the pool, for any length of time; [`put`](Pool::put) gives it back in the
/// state it is in. A [`lease`](Pool::lease) puts it back when it is dropped.
///
/// Values that have not been needed for a while are dropped: after each 1024 puts on a worker's shelf, those that
/// stayed there the whole time. [`trim`](Pool::trim) drops all values at once.
///
/// Goroutines get the values that goroutines of the same worker have put first: those are in its cache, and no other
/// core is disturbed. No operation blocks.
///
/// ```
/// use gochan::sync::Pool;
///
/// let buffers = Pool::new(|| Vec::<u8>::with_capacity(4096));
/// let mut buffer = buffers.get();
/// buffer.extend(b"some text");
/// buffer.clear();
/// buffers.put(buffer);
/// ```
#[doc(alias = "sync.Pool")]
pub struct Pool<T, F = fn() -> T> {
    make: F,
    /// One shelf for each worker, and one for all other threads.
    shelves: Box<[CachePadded<SpinLock<Shelf<T>>>]>,
}

struct Shelf<T> {
    values: Vec<T>,
    /// The smallest number of values since the season began: these were not needed.
    idle: usize,
    puts: u32,
}

impl<T: Send, F: Fn() -> T> Pool<T, F> {
    /// An empty pool; `make` makes a value when the pool has none.
    #[doc(alias = "New")]
    pub fn new(make: F) -> Pool<T, F> {
        let workers = crate::sched::here::worker_of()
            .map_or_else(|| available_parallelism().map_or(1, NonZero::get), |(_, workers)| workers);
        let shelf = || CachePadded::new(SpinLock::new(Shelf { values: Vec::new(), idle: 0, puts: 0 }));
        Pool { make, shelves: (0..=workers).map(|_| shelf()).collect() }
    }

    /// A value that was put back, in the state it was put back in, or a new one. The `put` happens before it.
    #[doc(alias = "Get")]
    #[track_caller]
    pub fn get(&self) -> T {
        points::before(|| Touch::write(self), "Pool::get", Some(Location::caller()));
        let mine = self.shelf();
        let (before, after) = self.shelves.split_at(mine);
        let found = after.iter().chain(before).find_map(|shelf| shelf.lock().take());
        points::after("Pool::get", Some(Location::caller()));
        found.unwrap_or_else(&self.make)
    }

    /// Puts `value` into the pool, for a later `get`.
    #[doc(alias = "Put")]
    #[track_caller]
    pub fn put(&self, value: T) {
        self.give_back(value, "Pool::put", Some(Location::caller()));
    }

    fn give_back(&self, value: T, what: &'static str, place: Option<SourceLocation>) {
        points::before(|| Touch::write(self), what, place);
        let idle = self.shelves[self.shelf()].lock().put(value);
        // Dropped here, after the shelf is unlocked.
        drop(idle);
        points::after(what, place);
    }

    /// Like [`get`](Pool::get), but returns a lease that puts the value back when it is dropped.
    ///
    /// ```
    /// let pool = gochan::sync::Pool::new(String::new);
    /// {
    ///     let mut text = pool.lease();
    ///     text.push_str("mine for now");
    ///     text.clear();
    /// }
    /// assert!(pool.get().capacity() > 0);
    /// ```
    #[track_caller]
    pub fn lease(&self) -> Lease<'_, T, F> {
        Lease { value: ManuallyDrop::new(self.get()), pool: self }
    }

    /// Drops all values in the pool.
    pub fn trim(&self) {
        points::before(|| Touch::write(self), "Pool::trim", Some(Location::caller()));
        for shelf in &self.shelves {
            let values = std::mem::take(&mut *shelf.lock()).values;
            drop(values);
        }
        points::after_unpolled("Pool::trim", Some(Location::caller()));
    }

    fn shelf(&self) -> usize {
        let last = self.shelves.len() - 1;
        crate::sched::here::worker_of().map_or(last, |(worker, _)| worker.min(last))
    }
}

impl<T> Shelf<T> {
    fn take(&mut self) -> Option<T> {
        let value = self.values.pop();
        self.idle = self.idle.min(self.values.len());
        value
    }

    /// Adds a value, and returns those that stayed unused for a season.
    fn put(&mut self, value: T) -> Vec<T> {
        self.values.push(value);
        self.puts += 1;
        if self.puts < SEASON {
            return Vec::new();
        }
        self.puts = 0;
        // The values at the bottom are the longest unused.
        let idle = self.values.drain(..self.idle).collect();
        self.idle = self.values.len();
        idle
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { values: Vec::new(), idle: 0, puts: 0 }
    }
}

impl<T: Send + Default> Default for Pool<T> {
    /// A pool of default values.
    fn default() -> Pool<T> {
        Pool::new(T::default)
    }
}

impl<T, F> fmt::Debug for Pool<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: usize = self.shelves.iter().map(|shelf| shelf.lock().values.len()).sum();
        f.debug_struct("Pool").field("values", &values).finish()
    }
}

/// A value of a [`Pool`], until dropped.
#[must_use = "the value goes back when the lease is dropped"]
pub struct Lease<'a, T: Send, F: Fn() -> T> {
    value: ManuallyDrop<T>,
    pool: &'a Pool<T, F>,
}

impl<T: Send, F: Fn() -> T> Lease<'_, T, F> {
    /// Keeps the value: it is not put back.
    pub fn into_inner(lease: Self) -> T {
        let mut lease = ManuallyDrop::new(lease);
        // SAFETY: taken once, since the lease is never dropped.
        unsafe { ManuallyDrop::take(&mut lease.value) }
    }
}

impl<T: Send, F: Fn() -> T> Deref for Lease<'_, T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Send, F: Fn() -> T> DerefMut for Lease<'_, T, F> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Send, F: Fn() -> T> Drop for Lease<'_, T, F> {
    fn drop(&mut self) {
        // SAFETY: taken once, by the drop.
        let value = unsafe { ManuallyDrop::take(&mut self.value) };
        self.pool.give_back(value, "drop of Lease", None);
    }
}

impl<T: Send + fmt::Debug, F: Fn() -> T> fmt::Debug for Lease<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
