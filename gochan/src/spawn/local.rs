//! Goroutine-local values: what `runtime::local!` declares.

use crate::base::locals::{Found, Heir, Locals, MakeHeir, are_used, make_heir};
use crate::base::origin::Origin;
use crate::sched::here;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

/// A goroutine-local value, of which each goroutine has its own. [`local!`](macro@crate::runtime::local) declares it.
///
/// It has the methods of [`std::thread::LocalKey`].
///
/// Each access looks the value up, which takes a few nanoseconds. So access it once, outside of a loop.
pub struct LocalKey<T: 'static> {
    init: fn() -> T,
    /// If goroutines inherit it.
    heir: Option<MakeHeir>,
}

/// A goroutine-local value has been destroyed, or belongs to a thread that ends: see [`LocalKey::try_with`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the goroutine-local value has been destroyed: its goroutine or thread ends")
    }
}

impl std::error::Error for AccessError {}

/// Whether goroutines inherit a value.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Inheritance<T>(Option<MakeHeir>, PhantomData<fn() -> T>);

#[doc(hidden)]
#[must_use]
pub const fn not_inherited<T>() -> Inheritance<T> {
    Inheritance(None, PhantomData)
}

/// Its bounds are checked where the type is written.
#[doc(hidden)]
#[must_use]
pub const fn inherited<T>() -> Inheritance<T>
where
    T: Clone, // `#[inherit]` clones the value for each goroutine: put it into an `Arc`, or drop the attribute
    T: Send,  // the clone goes to another goroutine: use `Arc` for `Rc`, or drop `#[inherit]`
    T: 'static,
{
    Inheritance(Some(make_heir::<T>), PhantomData)
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn __new(init: fn() -> T, Inheritance(heir, _): Inheritance<T>) -> LocalKey<T> {
        LocalKey { init, heir }
    }

    /// Calls `f` with the calling goroutine's value, which is initialised first if it is not yet.
    ///
    /// `f` may wait: other goroutines have values of their own.
    ///
    /// # Panics
    /// If the value has been [destroyed](LocalKey::try_with); if its own initialiser calls this. A panic of the initialiser is
    /// the caller's, and the next access runs it again.
    #[inline]
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => destroyed(error),
        }
    }

    /// As [`with`](LocalKey::with), and returns an error if there is no value any more.
    ///
    /// # Errors
    /// In the destructor of this value, and in destructors that run after it. On a thread also in destructors of
    /// `thread_local!` values, if the thread has had no goroutine-local value before.
    ///
    /// # Panics
    /// If the initialiser of the value calls this, or panics.
    #[inline]
    #[track_caller]
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let value = match self.find() {
            Found::Value(value) => downcast(value),
            found => self.initialize(found)?,
        };
        Ok(f(&value))
    }

    #[inline]
    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    #[inline]
    fn find(&'static self) -> Found {
        here::with_locals(|locals, _| locals.find(self.key()))
    }

    #[cold]
    #[track_caller]
    fn initialize(&'static self, found: Found) -> Result<Rc<T>, AccessError> {
        /// The initialiser runs. It may panic.
        struct Begun(usize);
        impl Drop for Begun {
            fn drop(&mut self) {
                here::with_locals(|locals, _| locals.end_begin(self.0));
            }
        }
        self.make_room(found)?;
        here::with_locals(|locals, _| locals.begin(self.key()));
        let begun = Begun(self.key());
        let value = Rc::new((self.init)());
        drop(begun);
        here::with_locals(|locals, _| locals.insert(self.key(), value.clone(), self.heir));
        Ok(value)
    }

    /// Stores `content` in the value, or makes it the first one, without running the initialiser.
    #[inline]
    #[track_caller]
    fn put<C>(&'static self, content: C, new: fn(C) -> T, set: fn(&T, C)) {
        match self.find() {
            Found::Value(value) => set(&downcast(value), content),
            found => {
                self.make_room(found).unwrap_or_else(|error| destroyed(error));
                let value = Rc::new(new(content));
                here::with_locals(|locals, _| locals.insert(self.key(), value, self.heir));
            }
        }
    }

    /// A value is to be made, of which this was found.
    #[track_caller]
    fn make_room(&'static self, found: Found) -> Result<(), AccessError> {
        match found {
            Found::Begins => panic!("a goroutine-local value is used by its own initialiser"),
            Found::Ended => Err(AccessError(())),
            Found::Nothing | Found::Value(_) => here::with_locals(|locals, of_thread| {
                let will_end = !(of_thread && locals.is_empty()) || END_OF_THREAD.try_with(|_| ()).is_ok();
                will_end.then_some(()).ok_or(AccessError(()))
            }),
        }
    }
}

#[inline]
fn downcast<T: 'static>(value: Rc<dyn std::any::Any>) -> Rc<T> {
    value.downcast().expect("a key has one type")
}

#[cold]
#[track_caller]
fn destroyed(error: AccessError) -> ! {
    panic!("{error}")
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets the value. If there is none yet, the initialiser does not run.
    ///
    /// # Panics
    /// As [`with`](LocalKey::with).
    #[inline]
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.put(value, Cell::new, Cell::set);
    }

    /// A copy of the value.
    ///
    /// # Panics
    /// As [`with`](LocalKey::with).
    #[inline]
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes the value, and leaves its default.
    ///
    /// # Panics
    /// As [`with`](LocalKey::with).
    #[inline]
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Replaces the value, and returns the one before.
    ///
    /// # Panics
    /// As [`with`](LocalKey::with).
    #[inline]
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `f` with the value borrowed.
    ///
    /// # Panics
    /// As [`with`](LocalKey::with), and if the value is mutably borrowed.
    #[inline]
    #[track_caller]
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with the value mutably borrowed.
    ///
    /// # Panics
    /// As [`with`](LocalKey::with), and if the value is borrowed.
    #[inline]
    #[track_caller]
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets the value. If there is none yet, the initialiser does not run.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](LocalKey::with_borrow_mut).
    #[inline]
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.put(value, RefCell::new, |cell, value| drop(cell.replace(value)));
    }

    /// Takes the value, and leaves its default.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](LocalKey::with_borrow_mut).
    #[inline]
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Replaces the value, and returns the one before.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](LocalKey::with_borrow_mut).
    #[inline]
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

thread_local! {
    /// Ends the values of a thread. There is one on threads that have had a value.
    static END_OF_THREAD: EndOfThread = const { EndOfThread };
}

struct EndOfThread;

impl Drop for EndOfThread {
    fn drop(&mut self) {
        here::end_locals();
    }
}

/// What a goroutine inherits that the caller spawns now. A panic is that of a `Clone`.
fn heirs() -> Vec<Heir> {
    here::with_locals(|locals, _| locals.heirs())
}

/// The origin of a goroutine that the caller spawns now, at `site`. This may run code of the user, which may panic.
#[inline(always)]
pub(super) fn origin(site: &'static Location<'static>) -> Origin {
    if are_used() { inheriting(site) } else { Origin::at(site) }
}

#[cold]
#[inline(never)]
fn inheriting(site: &'static Location<'static>) -> Origin {
    let heirs = heirs();
    if heirs.is_empty() { Origin::at(site) } else { Origin::inheriting(site, heirs) }
}

/// `f` with values of its own, which end with it. It begins with what it inherits from the caller.
pub(super) fn apart<R>(f: impl FnOnce() -> R + Send) -> impl FnOnce() -> R + Send {
    /// Holds the values of the goroutine or thread meanwhile.
    struct Apart(Locals);
    impl Drop for Apart {
        fn drop(&mut self) {
            here::end_locals();
            here::with_locals(|locals, _| locals.swap(&self.0));
        }
    }
    let heirs = heirs();
    move || {
        let apart = Apart(Locals::new());
        here::with_locals(|locals, _| locals.swap(&apart.0));
        here::inherit(heirs);
        f()
    }
}
