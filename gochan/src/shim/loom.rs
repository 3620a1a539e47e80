//! loom's primitives, adapted where needed.

use self::parking::Thread;
use std::cell::{Cell, RefCell};

/// loom's `thread_local!`, which predates `const { … }` as an expression.
macro_rules! of_thread {
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = $init:expr;) => {
        ::loom::thread_local! { $(#[$attribute])* $vis static $name: $type = $init; }
    };
}
pub(crate) use of_thread;

/// loom's atomics, with sequentially consistent accesses.
///
/// loom takes such an access for acquire and release, and implements the order of sequentially consistent *fences*
/// only. So the accesses get fences: in one half of the runs each write has a fence after it, in the other half each
/// load has one before it. Either is enough for two threads that each write and then read what the other has written:
/// one sees the other. A write or a load that is not sequentially consistent, but should be, shows in one of the
/// halves. The fences also order the accesses around them, which is more than the accesses guarantee: relaxed accesses
/// next to them are checked less strictly.
pub(crate) mod atomic {
    pub(crate) use ::loom::sync::atomic::{Ordering, fence};
    use std::cell::Cell;

    std::thread_local! {
        /// In models that run on this OS thread.
        pub(super) static FENCES_ARE_BEHIND_WRITES: Cell<bool> = const { Cell::new(false) };
    }

    fn has_written(order: Ordering) {
        if order == Ordering::SeqCst && FENCES_ARE_BEHIND_WRITES.get() {
            fence(order);
        }
    }

    fn looks(order: Ordering) {
        if order == Ordering::SeqCst && !FENCES_ARE_BEHIND_WRITES.get() {
            fence(order);
        }
    }

    macro_rules! atomic {
        ($name:ident $(<$of:ident>)?, $value:ty $(, $fetch:ident)*) => {
            #[derive(Debug, Default)]
            pub(crate) struct $name $(<$of>)? (::loom::sync::atomic::$name $(<$of>)?);

            #[allow(dead_code, reason = "all have the same operations")]
            impl $(<$of>)? $name $(<$of>)? {
                pub(crate) fn new(value: $value) -> Self {
                    Self(::loom::sync::atomic::$name::new(value))
                }

                pub(crate) fn load(&self, order: Ordering) -> $value {
                    looks(order);
                    self.0.load(order)
                }

                pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                    let before = self.0.swap(value, order);
                    has_written(order);
                    before
                }

                pub(crate) fn compare_exchange(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.0.compare_exchange(current, new, success, failure).inspect(|_| has_written(success))
                }

                pub(crate) fn compare_exchange_weak(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.compare_exchange(current, new, success, failure)
                }

                $(pub(crate) fn $fetch(&self, value: $value, order: Ordering) -> $value {
                    let before = self.0.$fetch(value, order);
                    has_written(order);
                    before
                })*
            }
        };
    }

    macro_rules! number {
        ($name:ident, $value:ty) => {
            atomic!($name, $value, fetch_add, fetch_sub, fetch_and, fetch_or, fetch_max);

            #[allow(dead_code, reason = "as above")]
            impl $name {
                pub(crate) fn store(&self, value: $value, order: Ordering) {
                    self.0.store(value, order);
                    has_written(order);
                }
            }
        };
    }

    number!(AtomicI32, i32);
    number!(AtomicU8, u8);
    number!(AtomicU16, u16);
    number!(AtomicU32, u32);
    number!(AtomicU64, u64);
    number!(AtomicUsize, usize);
    atomic!(AtomicPtr<T>, *mut T);
    atomic!(AtomicBool, bool);

    impl<T> AtomicPtr<T> {
        pub(crate) fn store(&self, value: *mut T, order: Ordering) {
            self.0.store(value, order);
            has_written(order);
        }
    }

    impl AtomicBool {
        /// Ordered after every earlier write. In loom a store may come between a read-modify-write operation and the
        /// value that it has read, as if another thread could not take a lock that has been released. An exchange does
        /// not allow this, but also passes on what was released with the value that it reads.
        pub(crate) fn store(&self, value: bool, order: Ordering) {
            self.swap(value, order);
        }
    }
}

/// `park` and `unpark`. The only order is that a return from `park` comes after the `unpark` that caused it. loom's own
/// versions order everything that a thread does after each `unpark` of it, whether or not it parks.
pub(crate) mod parking {
    use ::loom::sync::{Condvar, Mutex};
    use std::sync::Arc;

    #[derive(Debug, Clone)]
    pub(crate) struct Thread(Arc<(Mutex<bool>, Condvar)>);

    super::of_thread! {
        static CURRENT: Thread = Thread(Arc::new((Mutex::new(false), Condvar::new())));
    }

    impl Thread {
        pub(crate) fn unpark(&self) {
            let (token, given) = &*self.0;
            *token.lock().unwrap() = true;
            given.notify_one();
        }
    }

    pub(crate) fn current() -> Thread {
        CURRENT.with(Thread::clone)
    }

    pub(crate) fn park() {
        let (token, given) = &*current().0;
        let mut token = token.lock().unwrap();
        while !std::mem::take(&mut *token) {
            token = given.wait(token).unwrap();
        }
    }
}

/// Threads that wait for a condition, instead of spinning in endlessly many interleavings.
#[derive(Debug)]
pub(crate) struct Bench(RefCell<Vec<Thread>>);

// SAFETY: the threads of a model take turns on one thread of the system, and not while the list is borrowed.
unsafe impl Sync for Bench {}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench(RefCell::default())
    }

    /// Tries again whenever all have been woken. It may leave a token for `park`, or take one.
    pub(crate) fn wait_until(&self, attempt: impl Fn() -> bool) {
        loop {
            self.0.borrow_mut().push(parking::current());
            if attempt() {
                return;
            }
            parking::park();
        }
    }

    pub(crate) fn wake_all(&self) {
        self.0.take().iter().for_each(Thread::unpark);
    }
}

of_thread! {
    /// The number of the worker that the thread represents.
    pub(crate) static WORKER: Cell<usize> = const { Cell::new(0) };
}

/// Runs `model` in all distinct ways, with at most this many preemptions, or `LOOM_MAX_PREEMPTIONS` if that is set. Two
/// or three find almost every bug that exists, in seconds instead of hours.
///
/// loom compares an access only with the last one to the same word. If a thread loads a word before it writes it,
/// earlier loads by other threads are forgotten: such a model must be run with either thread first.
#[cfg(test)]
pub(crate) fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    let (model, runs) = (Arc::new(model), Arc::new(AtomicU64::new(0)));
    let mut builder = ::loom::model::Builder::new();
    let preemptions = *builder.preemption_bound.get_or_insert(preemptions);
    for behind in [false, true] {
        atomic::FENCES_ARE_BEHIND_WRITES.set(behind);
        let (model, runs) = (model.clone(), runs.clone());
        builder.check(move || {
            runs.fetch_add(1, Relaxed);
            model();
        });
    }
    println!("{} runs with up to {preemptions} preemptions", runs.load(Relaxed));
}
