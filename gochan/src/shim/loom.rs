//! loom's primitives, as far as they need help.

use self::parking::Thread;
use std::cell::{Cell, RefCell};

/// loom's `thread_local!`, which was written before `const { … }` was an expression.
macro_rules! of_thread {
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = $init:expr;) => {
        ::loom::thread_local! { $(#[$attribute])* $vis static $name: $type = $init; }
    };
}
pub(crate) use of_thread;

/// loom's atomics, whose sequentially consistent accesses are so.
///
/// loom takes such an access for acquire and release, and knows the order of sequentially consistent *fences* only. So the
/// accesses get fences: in one half of the runs each write has one behind it, in the other half each load has one before
/// it. Either is enough for two threads that each write and then look at what the other has written: one sees the
/// other. A write or a load that is not sequentially consistent, but should be, shows in one of the halves. The fences
/// also order what is around them, which is more than the accesses promise: what is relaxed beside them is checked
/// less strictly.
pub(crate) mod atomic {
    pub(crate) use ::loom::sync::atomic::{Ordering, fence};
    use std::cell::Cell;

    std::thread_local! {
        /// In models that run on this thread of the system.
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

    impl AtomicBool {
        /// Comes after all that was written before. To loom a store may come between a read-modify-write operation and
        /// the value that it has read: as if a lock were held still, for which another thread has asked in vain and which
        /// then was let go. An exchange does not, but also passes on what was released with the value that it reads.
        pub(crate) fn store(&self, value: bool, order: Ordering) {
            self.swap(value, order);
        }
    }
}

/// `park` and `unpark`, of which nothing is ordered but a return from `park` after the `unpark` that it is due to. loom's
/// own order what a thread does next after each `unpark` of it, whether or not it parks.
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

/// Threads that wait for something, instead of spinning beside each other in endlessly many ways.
#[derive(Debug)]
pub(crate) struct Bench(RefCell<Vec<Thread>>);

// SAFETY: the threads of a model take turns on one thread of the system, and not while the list is borrowed.
unsafe impl Sync for Bench {}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench(RefCell::default())
    }

    /// Tries again whenever all have been woken. May leave a token for `park`, or take one.
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
    /// The number of the worker that the thread passes for.
    pub(crate) static WORKER: Cell<usize> = const { Cell::new(0) };
}

/// Runs `model` in all ways that differ, with so many preemptions at most, or as many as `LOOM_MAX_PREEMPTIONS` says. Two
/// or three find almost all that there is to find, in seconds instead of hours.
///
/// loom compares an access with the last one to the same word only. Where a thread loads a word before it writes it, the
/// loads of other threads before that are forgotten: such a model is to be run with either thread first.
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
