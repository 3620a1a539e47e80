//! Values that are computed once, when first needed.

use super::once_cell::OnceCell;
use super::panicked::Panicked;
use crate::chan::{ChannelRef, CloseSide, RecvSide, SendSide};
use std::cell::Cell;
use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// A value that is computed on first use.
///
/// Uses during the computation wait; that parks the goroutine, or blocks the thread outside of goroutines. If the
/// computation panics, so does every use, with the same message.
///
/// ```
/// use gochan::sync::Lazy;
///
/// static PRIMES: Lazy<Vec<u32>> = Lazy::new(|| (2..30).filter(|n| (2..*n).all(|d| n % d > 0)).collect());
/// assert_eq!(PRIMES.last(), Some(&29));
/// ```
#[doc(alias = "sync.OnceValue")]
#[doc(alias = "LazyLock")]
pub struct Lazy<T, F = fn() -> T> {
    cell: OnceCell<Result<T, Panicked>>,
    f: Cell<Option<F>>,
}

// SAFETY: only the cell's one initialiser takes `f`; that may move it to another thread.
unsafe impl<T: Send + Sync, F: Send> Sync for Lazy<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for Lazy<T, F> {}
impl<T: UnwindSafe + RefUnwindSafe, F: UnwindSafe> RefUnwindSafe for Lazy<T, F> {}

impl<T, F: FnOnce() -> T> Lazy<T, F> {
    /// A value that `f` will compute.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new(f: F) -> Lazy<T, F> {
        Lazy { cell: OnceCell::new(), f: Cell::new(Some(f)) }
    }

    /// The value, computed now if it is not yet. One atomic load once it is there.
    ///
    /// # Panics
    /// If `f` panics, now or earlier, with its message. If called from within `f`.
    #[inline]
    #[track_caller]
    pub fn force(lazy: &Lazy<T, F>) -> &T {
        match lazy.cell.get() {
            Some(Ok(value)) => value,
            _ => lazy.compute(),
        }
    }

    #[cold]
    #[track_caller]
    fn compute(&self) -> &T {
        let mut original = None;
        let outcome = self.cell.get_or_init(|| {
            let f = self.f.take().expect("it is run once");
            catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
                let panicked = Panicked::of(&*payload);
                original = Some(payload);
                panicked
            })
        });
        match (outcome, original) {
            (Ok(value), _) => value,
            (Err(_), Some(payload)) => resume_unwind(payload),
            (Err(panicked), None) => panicked.raise(),
        }
    }

    /// The value, if it has been computed.
    pub fn get(lazy: &Lazy<T, F>) -> Option<&T> {
        lazy.cell.get()?.as_ref().ok()
    }
}

impl<T, F: FnOnce() -> T> Deref for Lazy<T, F> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        Lazy::force(self)
    }
}

macro_rules! side {
    ($($side:ident $channel:ident)*) => {
        $(
            // A channel in a static, like Go's `var events = make(chan Event)`.
            #[diagnostic::do_not_recommend]
            impl<S: $side, F: FnOnce() -> S> $side for Lazy<S, F> {
                type Item = S::Item;

                #[inline]
                #[track_caller]
                fn $channel(&self) -> ChannelRef<'_, S::Item> {
                    Lazy::force(self).$channel()
                }
            }
        )*
    };
}

side!(SendSide send_channel RecvSide recv_channel CloseSide close_channel);

impl<T: Default> Default for Lazy<T> {
    fn default() -> Lazy<T> {
        Lazy::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Lazy<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cell.get() {
            Some(Ok(value)) => f.debug_tuple("Lazy").field(value).finish(),
            Some(Err(panicked)) => f.debug_tuple("Lazy").field(panicked).finish(),
            None => f.write_str("Lazy(<not computed>)"),
        }
    }
}

/// A function that calls `f` the first time and does nothing later: Go's `sync.OnceFunc`.
///
/// If `f` panics, so does every call, with the same message. Calls wait while `f` runs.
///
/// ```
/// let open = gochan::sync::once_func(|| println!("opening"));
/// open();
/// open();
/// ```
#[doc(alias = "sync.OnceFunc")]
pub fn once_func<F>(f: F) -> impl Fn() + Clone + Send + Sync
where
    F: FnOnce() + Send,
{
    once_value(f)
}

/// A function that calls `f` the first time and always returns clones of its result: Go's `sync.OnceValue`. For several
/// values, return a tuple.
///
/// If `f` panics, so does every call, with the same message. Calls wait while `f` runs. A [`Lazy`] needs no `Clone`.
///
/// ```
/// let answer = gochan::sync::once_value(|| 6 * 7);
/// assert_eq!(answer() + answer(), 84);
/// ```
#[doc(alias = "sync.OnceValue")]
#[doc(alias = "sync.OnceValues")]
pub fn once_value<T, F>(f: F) -> impl Fn() -> T + Clone + Send + Sync
where
    F: FnOnce() -> T + Send,
    T: Clone + Send + Sync,
{
    let value = Arc::new(Lazy::new(f));
    move || Lazy::force(&value).clone()
}
