//! Running code of the user: wakers, destructors, closures.
//!
//! Any of it may panic and may call back into this crate. The rule: a callback runs after the state is final and
//! outside every lock, and its panic changes nothing. If several callbacks are due, each of them runs, whether or not
//! others panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs callbacks one after the other. [`finish`](Callbacks::finish) resumes the first panic once all have run.
#[must_use = "`finish` raises the first panic"]
pub(crate) struct Callbacks {
    first: Option<Box<dyn Any + Send>>,
}

impl Callbacks {
    pub(crate) fn new() -> Callbacks {
        Callbacks { first: None }
    }

    /// Runs `callback`. Keeps its panic if it is the first one.
    pub(crate) fn run(&mut self, callback: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(callback)) {
            match self.first {
                None => self.first = Some(payload),
                Some(_) => drop_quietly(payload),
            }
        }
    }

    /// Drops each of `values`.
    pub(crate) fn drop_each<T>(&mut self, values: impl IntoIterator<Item = T>) {
        values.into_iter().for_each(|value| self.run(|| drop(value)));
    }

    /// Resumes the first panic, unless the thread is already unwinding: a second panic would end the process.
    pub(crate) fn finish(mut self) {
        if let Some(payload) = self.first.take() {
            if std::thread::panicking() {
                drop_quietly(payload);
            } else {
                resume_unwind(payload);
            }
        }
    }
}

impl Drop for Callbacks {
    fn drop(&mut self) {
        if let Some(payload) = self.first.take() {
            drop_quietly(payload);
        }
    }
}

/// Drops `value`. A panic in its destructor stops here; the panic hook has reported it.
pub(crate) fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value)))
        && let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload)))
    {
        // The payload's destructor panicked as well, with a payload that may do the same.
        std::mem::forget(payload);
    }
}

/// Runs `f`. If `f` panics, the process aborts: the caller could neither go on nor unwind.
#[inline(always)]
pub(crate) fn abort_on_unwind<R>(what: &'static str, f: impl FnOnce() -> R) -> R {
    struct Bomb(&'static str);

    impl Drop for Bomb {
        #[cold]
        fn drop(&mut self) {
            super::report::abort(&format!("a panic must not unwind out of {}", self.0));
        }
    }

    let bomb = Bomb(what);
    let result = f();
    std::mem::forget(bomb);
    result
}

#[cfg(test)]
mod tests {
    use crate::base::callback::*;
    use std::cell::Cell;
    use std::panic::panic_any;

    #[test]
    fn each_callback_runs_and_the_first_panic_is_raised() {
        let ran = Cell::new(0);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut callbacks = Callbacks::new();
            for n in 0..4 {
                callbacks.run(|| {
                    ran.set(ran.get() + 1);
                    if n > 0 {
                        panic_any(n);
                    }
                });
            }
            callbacks.finish();
        }));
        assert_eq!(ran.get(), 4);
        assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&1));
    }

    #[test]
    fn nothing_is_raised_while_the_thread_unwinds() {
        struct Unwinding;
        impl Drop for Unwinding {
            fn drop(&mut self) {
                let mut callbacks = Callbacks::new();
                callbacks.run(|| panic!("second"));
                callbacks.finish();
            }
        }
        let outcome = catch_unwind(|| {
            let _unwinding = Unwinding;
            panic!("first");
        });
        assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"first"));
    }

    #[test]
    fn a_payload_whose_destructor_panics_is_dropped_quietly() {
        struct Evil(u32);
        impl Drop for Evil {
            fn drop(&mut self) {
                if self.0 > 0 {
                    panic_any(Evil(self.0 - 1));
                }
            }
        }
        drop_quietly(Evil(5));
    }
}
