//! Values to use again instead of making new ones.

use crate::chan::lock::SpinLock;
use crate::sched::bubble::{point, point_after, point_at, point_before_touching};
use crate::sched::touch::Touch;
use crossbeam_utils::CachePadded;
use std::fmt;
use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::thread::available_parallelism;

/// Puts on one shelf between two looks at what nobody has needed meanwhile.
const SEASON: u32 = 1024;

/// A set of values, such as buffers, that are dear to make and may as well be used by the next one: Go's `sync.Pool`.
///
/// A value belongs to whoever [`get`](Pool::get)s it, for as long as it likes; [`put`](Pool::put) gives it back,
/// in whatever state it is. [`lease`](Pool::lease) does so by itself.
///
/// What has not been needed for a while is dropped: each time a thousand values have come back to a worker's shelf,
/// those that were left over the whole time go. [`trim`](Pool::trim) drops everything now.
///
/// Values that goroutines of one worker put are found by goroutines of that worker first: they are warm in its
/// cache, and no other core is disturbed. Nothing waits here.
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
    /// One for each worker, and one for all other threads.
    shelves: Box<[CachePadded<SpinLock<Shelf<T>>>]>,
}

struct Shelf<T> {
    values: Vec<T>,
    /// The fewest that lay here since the season began: nobody has needed these.
    idle: usize,
    puts: u32,
}

impl<T: Send, F: Fn() -> T> Pool<T, F> {
    /// An empty pool; `make` makes a value when none is there.
    #[doc(alias = "New")]
    pub fn new(make: F) -> Pool<T, F> {
        let workers = crate::sched::worker_of()
            .map_or_else(|| available_parallelism().map_or(1, NonZero::get), |(_, workers)| workers);
        let shelf = || CachePadded::new(SpinLock::new(Shelf { values: Vec::new(), idle: 0, puts: 0 }));
        Pool { make, shelves: (0..=workers).map(|_| shelf()).collect() }
    }

    /// A value that was put back, in the state it was put back in, or a new one.
    #[doc(alias = "Get")]
    #[track_caller]
    pub fn get(&self) -> T {
        point_before_touching(|| Touch::write(self), "Pool::get", Some(Location::caller()));
        let mine = self.shelf();
        let (before, after) = self.shelves.split_at(mine);
        let found = after.iter().chain(before).find_map(|shelf| shelf.lock().take());
        point("Pool::get");
        found.unwrap_or_else(&self.make)
    }

    /// Gives `value` to whoever needs one next.
    #[doc(alias = "Put")]
    #[track_caller]
    pub fn put(&self, value: T) {
        self.give_back(value, "Pool::put", Some(Location::caller()));
    }

    fn give_back(&self, value: T, what: &'static str, place: Option<&'static Location<'static>>) {
        point_before_touching(|| Touch::write(self), what, place);
        let idle = self.shelves[self.shelf()].lock().put(value);
        // Dropped here, where the shelf is not locked any more.
        drop(idle);
        point_at(what, place);
    }

    /// As [`get`](Pool::get), for a value that is put back when the lease is dropped.
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

    /// Drops everything that lies in the pool.
    pub fn trim(&self) {
        point_before_touching(|| Touch::write(self), "Pool::trim", Some(Location::caller()));
        for shelf in &self.shelves {
            let values = std::mem::take(&mut *shelf.lock()).values;
            drop(values);
        }
        point_after("Pool::trim");
    }

    fn shelf(&self) -> usize {
        let last = self.shelves.len() - 1;
        crate::sched::worker_of().map_or(last, |(worker, _)| worker.min(last))
    }
}

impl<T> Shelf<T> {
    fn take(&mut self) -> Option<T> {
        let value = self.values.pop();
        self.idle = self.idle.min(self.values.len());
        value
    }

    /// Returns what has lain idle for a season.
    fn put(&mut self, value: T) -> Vec<T> {
        self.values.push(value);
        self.puts += 1;
        if self.puts < SEASON {
            return Vec::new();
        }
        self.puts = 0;
        // The coldest are at the bottom.
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
    /// Keeps the value: it does not go back by itself.
    pub fn into_inner(lease: Self) -> T {
        let mut lease = ManuallyDrop::new(lease);
        // SAFETY: taken once, as the lease is never dropped.
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
