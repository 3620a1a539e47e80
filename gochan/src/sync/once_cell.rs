//! A value that is set once.

use super::raw_once::{RawOnce, Run};
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::park::WaitReason;
use std::cell::UnsafeCell;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// A cell that is filled once and then read without a lock.
///
/// Callers that need the value while it is being made wait; that parks the goroutine, or blocks the thread outside of
/// goroutines. An initialiser that fails or panics leaves the cell empty, and the next waiting caller tries. Filling
/// the cell happens before every read of the value.
///
/// ```
/// use gochan::sync::OnceCell;
///
/// static CONFIG: OnceCell<String> = OnceCell::new();
/// assert_eq!(CONFIG.get(), None);
/// assert_eq!(CONFIG.get_or_init(|| "first".to_owned()), "first");
/// assert_eq!(CONFIG.get_or_init(|| "second".to_owned()), "first");
/// ```
#[doc(alias = "OnceLock")]
pub struct OnceCell<T> {
    once: RawOnce,
    value: UnsafeCell<MaybeUninit<T>>,
    _owns: PhantomData<T>,
}

// SAFETY: as for any owner of a `T`.
unsafe impl<T: Send> Send for OnceCell<T> {}
// SAFETY: shared access reads the value (`Sync`), and can move a value in that another thread moves out (`Send`).
unsafe impl<T: Send + Sync> Sync for OnceCell<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceCell<T> {}
impl<T: UnwindSafe + RefUnwindSafe> RefUnwindSafe for OnceCell<T> {}

impl<T> OnceCell<T> {
    /// An empty cell.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    #[must_use]
    pub const fn new() -> OnceCell<T> {
        OnceCell { once: RawOnce::new(), value: UnsafeCell::new(MaybeUninit::uninit()), _owns: PhantomData }
    }

    /// The value, if the cell is filled. One atomic load.
    #[inline]
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if points::are_due() {
            return points::around(|| Touch::read(&self.once), "OnceCell::get", || self.filled());
        }
        self.filled()
    }

    #[inline]
    fn filled(&self) -> Option<&T> {
        // SAFETY: the cell is filled, so written, and not written again while borrowed.
        self.once.is_done().then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// The value, if the cell is filled.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: as for `get`, and the borrow is exclusive.
        self.once.is_done().then(|| unsafe { self.value.get_mut().assume_init_mut() })
    }

    /// Fills the cell, or returns the value if the cell is already filled. Waits while another caller is filling it.
    ///
    /// # Errors
    /// `value`, if the cell is already filled.
    ///
    /// # Panics
    /// If called from the cell's own initialiser.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        points::before(|| Touch::write(&self.once), "OnceCell::set", Some(Location::caller()));
        let set = match self.begin(WaitReason::Once, "OnceCell::set", Location::caller()) {
            Some(run) => {
                self.fill(run, value);
                Ok(())
            }
            None => Err(value),
        };
        points::after("OnceCell::set", Some(Location::caller()));
        set
    }

    /// The value; if the cell is empty, fills it with the result of `f`. Only one `f` runs at a time, and none after
    /// one has returned.
    ///
    /// # Panics
    /// If called from the cell's own initialiser, which would wait for itself forever. If `f` panics: the cell stays
    /// empty, and a later caller tries again.
    #[doc(alias = "OnceValue")]
    #[inline]
    #[track_caller]
    pub fn get_or_init(&self, f: impl FnOnce() -> T) -> &T {
        // In an exploration, this check is an operation like others.
        match self.filled().filter(|_| !points::are_due()) {
            Some(value) => value,
            None => match self.init(|| Ok::<_, Infallible>(f()), Location::caller()) {
                Ok(value) => value,
            },
        }
    }

    /// Like [`get_or_init`](OnceCell::get_or_init), for an `f` that may fail; then a later caller tries again.
    ///
    /// # Errors
    /// The error of `f`.
    ///
    /// # Panics
    /// Like `get_or_init`.
    ///
    /// ```
    /// let cell = gochan::sync::OnceCell::new();
    /// assert!(cell.get_or_try_init(|| "?".parse::<i32>()).is_err());
    /// assert_eq!(cell.get_or_try_init(|| "7".parse::<i32>()), Ok(&7));
    /// ```
    #[inline]
    #[track_caller]
    pub fn get_or_try_init<E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        // In an exploration, this check is an operation like others.
        match self.filled().filter(|_| !points::are_due()) {
            Some(value) => Ok(value),
            None => self.init(f, Location::caller()),
        }
    }

    #[cold]
    #[track_caller]
    fn init<E>(&self, f: impl FnOnce() -> Result<T, E>, place: SourceLocation) -> Result<&T, E> {
        self.try_init_as(WaitReason::Once, "OnceCell::get_or_init", place, f)
    }

    /// Like `get_or_init`; waits and the panic of a recursive call report `reason`, `what` and `place`.
    #[track_caller]
    pub(super) fn get_or_init_as(
        &self,
        reason: WaitReason,
        what: &str,
        place: SourceLocation,
        f: impl FnOnce() -> T,
    ) -> &T {
        match self.try_init_as(reason, what, place, || Ok::<_, Infallible>(f())) {
            Ok(value) => value,
        }
    }

    #[track_caller]
    fn try_init_as<E>(
        &self,
        reason: WaitReason,
        what: &str,
        place: SourceLocation,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        points::before(|| Touch::write(&self.once), "OnceCell::get_or_init", Some(place));
        if let Some(run) = self.begin(reason, what, place) {
            points::after("OnceCell::get_or_init", Some(Location::caller()));
            let value = f()?;
            // The value is made, but not yet visible to others.
            points::after_unpolled("OnceCell::get_or_init", Some(Location::caller()));
            self.fill(run, value);
        }
        points::after("OnceCell::get_or_init", Some(Location::caller()));
        Ok(self.filled().expect("it has just been filled"))
    }

    /// An empty cell that others wait for until `fill_reserved` or `give_up_reserved` is called.
    pub(super) fn reserved() -> OnceCell<T> {
        let mut cell = OnceCell::new();
        cell.once.reserve();
        cell
    }

    /// Fills a reserved cell.
    pub(super) fn fill_reserved(&self, f: impl FnOnce() -> T) -> &T {
        points::before(|| Touch::write(&self.once), "OnceCell::get_or_init", None);
        let run = self.once.begin_reserved();
        points::after("OnceCell::get_or_init", Some(Location::caller()));
        let value = f();
        points::after_unpolled("OnceCell::get_or_init", Some(Location::caller()));
        self.fill(run, value);
        points::after("OnceCell::get_or_init", Some(Location::caller()));
        self.filled().expect("it has just been filled")
    }

    /// Turns a reserved cell into an ordinary empty one.
    pub(super) fn give_up_reserved(&self) {
        drop(self.once.begin_reserved());
    }

    #[track_caller]
    fn begin(&self, reason: WaitReason, what: &str, place: SourceLocation) -> Option<Run<'_>> {
        if self.once.is_done() { None } else { self.once.begin(reason, what, place) }
    }

    fn fill(&self, run: Run<'_>, value: T) {
        // SAFETY: a `Run` is exclusive, and the value is not read before it is complete.
        unsafe { (*self.value.get()).write(value) };
        run.complete();
    }

    /// Empties the cell and returns its value.
    pub fn take(&mut self) -> Option<T> {
        let filled = self.once.is_done();
        self.once.reset();
        // SAFETY: the cell was filled, so written, and now counts as empty.
        filled.then(|| unsafe { self.value.get_mut().assume_init_read() })
    }

    /// The value, if the cell is filled.
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }
}

impl<T> Drop for OnceCell<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> OnceCell<T> {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    /// A filled cell.
    fn from(value: T) -> OnceCell<T> {
        let mut once = RawOnce::new();
        once.set_done();
        OnceCell { once, value: UnsafeCell::new(MaybeUninit::new(value)), _owns: PhantomData }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.filled() {
            Some(value) => f.debug_tuple("OnceCell").field(value).finish(),
            None => f.write_str("OnceCell(<empty>)"),
        }
    }
}
