use crate::chan::{Chan, Receiver};
use crate::sync::Mutex;
use std::fmt;
use std::mem;
use std::sync::Arc;

/// A value that changes, with any number of observers: a configuration, a leader, the state of a connection. Observers see
/// the last value and may miss those in between, so the publisher never waits.
///
/// No goroutine; setting a value takes time in proportion to the observers that wait. In Go, programs close a channel for
/// each change, under a lock; so does this.
///
/// ```
/// use gochan::patterns::watch;
/// use gochan::prelude::*;
///
/// let (level, observer) = watch("info");
/// let stop = chan!(());
/// let seen = go!([stop, mut observer] {
///     let mut seen = vec![observer.get()];
///     loop {
///         select! {
///             <-observer.changed() => match observer.next() {
///                 Some(level) => seen.push(level),
///                 None => return seen,
///             },
///             <-stop => return seen,
///         }
///     }
/// });
/// level.set("debug");
/// drop(level); // the last publisher
/// let seen = seen.join().unwrap();
/// assert_eq!(seen.last(), Some(&"debug"));
/// ```
#[doc(alias("broadcast", "last value"))]
pub fn watch<T: Clone>(first: T) -> (Publisher<T>, Observer<T>) {
    let state = State { value: first, version: 0, changed: Chan::new(), publishers: 1 };
    let shared = Arc::new(Mutex::new(state));
    (Publisher { shared: shared.clone() }, Observer { shared, seen: 0 })
}

struct State<T> {
    value: T,
    version: u64,
    /// Closed by the next change.
    changed: Chan<()>,
    publishers: usize,
}

/// Sets the value of a [`watch`]. Clones are publishers of the same value.
pub struct Publisher<T> {
    shared: Arc<Mutex<State<T>>>,
}

/// Sees the value of a [`watch`]. A clone is an observer of its own, which has seen the same so far.
pub struct Observer<T> {
    shared: Arc<Mutex<State<T>>>,
    /// The version of the value that this has returned last.
    seen: u64,
}

impl<T> Publisher<T> {
    /// Sets the value, and lets all observers know. Returns the value before.
    pub fn set(&self, value: T) -> T {
        self.update(|current| mem::replace(current, value))
    }

    /// Changes the value by `change`, and lets all observers know. Other publishers and observers wait meanwhile.
    ///
    /// ```
    /// let (count, observer) = gochan::patterns::watch(0);
    /// count.update(|count| *count += 1);
    /// assert_eq!(observer.peek(), 1);
    /// ```
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut state = self.shared.lock();
        let result = change(&mut state.value);
        state.version += 1;
        let changed = mem::replace(&mut state.changed, Chan::new());
        drop(state);
        changed.close();
        result
    }

    /// Another observer, to which the current value is new.
    pub fn observer(&self) -> Observer<T> {
        // Versions are compared for equality only.
        let seen = self.shared.lock().version.wrapping_sub(1);
        Observer { shared: self.shared.clone(), seen }
    }
}

impl<T: Clone> Observer<T> {
    /// The last value, which counts as seen from then on.
    pub fn get(&mut self) -> T {
        let state = self.shared.lock();
        self.seen = state.version;
        state.value.clone()
    }

    /// The last value. Whether it counts as seen does not change.
    pub fn peek(&self) -> T {
        self.shared.lock().value.clone()
    }
}

/// The values from now on, without those that another one has replaced before they were looked at.
impl<T: Clone> Iterator for Observer<T> {
    type Item = T;

    /// Waits until there is a value that this observer has not seen, and returns it. `None` once there is none and all
    /// publishers are gone.
    fn next(&mut self) -> Option<T> {
        loop {
            let state = self.shared.lock();
            if state.version != self.seen {
                self.seen = state.version;
                return Some(state.value.clone());
            }
            if state.publishers == 0 {
                return None;
            }
            let changed = state.changed.receiver();
            drop(state);
            changed.recv();
        }
    }
}

impl<T> Observer<T> {
    /// A channel that closes when there is a value that this observer has not seen, or when the last publisher is gone;
    /// nothing is ever sent. For an arm of [`select!`](macro@crate::select), after which [`next`](Iterator::next) does not
    /// wait.
    pub fn changed(&self) -> Receiver<()> {
        let state = self.shared.lock();
        if state.version == self.seen && state.publishers > 0 {
            return state.changed.receiver();
        }
        drop(state);
        let changed = Chan::new();
        changed.close();
        changed.receiver()
    }
}

impl<T> Clone for Publisher<T> {
    fn clone(&self) -> Publisher<T> {
        self.shared.lock().publishers += 1;
        Publisher { shared: self.shared.clone() }
    }
}

impl<T> Drop for Publisher<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.publishers -= 1;
        let last = (state.publishers == 0).then(|| mem::take(&mut state.changed));
        drop(state);
        if let Some(changed) = last {
            changed.close();
        }
    }
}

impl<T> Clone for Observer<T> {
    fn clone(&self) -> Observer<T> {
        Observer { shared: self.shared.clone(), seen: self.seen }
    }
}

impl<T: fmt::Debug> fmt::Debug for Publisher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Publisher").field(&self.shared).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Observer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("seen", &self.seen).field("shared", &self.shared).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("value", &self.value)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
