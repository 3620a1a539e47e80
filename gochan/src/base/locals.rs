//! The goroutine-local values of one goroutine, or of one thread, and what a goroutine inherits of them.
//!
//! A goroutine has few of them, so they are in a list, in the order in which they were made. A value belongs to its
//! goroutine alone and never leaves its thread, so it need not be `Send`. It is behind an `Rc`, of which each access holds
//! a clone: whatever runs meanwhile, the value stays where it is.
//!
//! All code of the user (initialisers, `Clone`, destructors) runs while nothing here is borrowed. It may use goroutine-local
//! values itself, and it may wait: other goroutines have values of their own.

use super::report;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ARE_USED: AtomicBool = AtomicBool::new(false);

/// False until the first goroutine-local value of the process is made. What may then be omitted costs no more than this.
#[inline(always)]
pub(crate) fn are_used() -> bool {
    ARE_USED.load(Relaxed)
}

/// The values of a goroutine or thread. One word, null as long as it has used none.
#[derive(Default)]
pub(crate) struct Locals(Cell<Option<NonNull<Table>>>);

type Table = RefCell<Vec<Entry>>;

struct Entry {
    /// The address of the key.
    key: usize,
    state: Found,
    /// If goroutines that are spawned inherit it: makes what they inherit.
    heir: Option<MakeHeir>,
}

/// What there is of a key.
#[derive(Clone)]
pub(crate) enum Found {
    Nothing,
    /// Its initialiser runs.
    Begins,
    Value(Rc<dyn Any>),
    /// Its destructor has begun.
    Ended,
}

/// A clone on its way to the goroutine that inherits it.
type Traveller = Box<dyn FnOnce() -> Rc<dyn Any> + Send>;

/// Clones a value.
pub(crate) type MakeHeir = fn(&dyn Any) -> Traveller;

/// [`MakeHeir`] for a type.
pub(crate) fn make_heir<T: Clone + Send + 'static>(value: &dyn Any) -> Traveller {
    let clone = value.downcast_ref::<T>().expect("a key has one type").clone();
    Box::new(move || Rc::new(clone))
}

/// One of the values that a goroutine begins with.
pub(crate) struct Heir {
    key: usize,
    value: Traveller,
    heir: MakeHeir,
}

impl Locals {
    pub(crate) const fn new() -> Locals {
        Locals(Cell::new(None))
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    #[inline]
    pub(crate) fn find(&self, key: usize) -> Found {
        let Some(table) = self.get() else { return Found::Nothing };
        let entries = table.borrow();
        entries.iter().find(|entry| entry.key == key).map_or(Found::Nothing, |entry| entry.state.clone())
    }

    #[inline]
    fn get(&self) -> Option<&Table> {
        // SAFETY: it lives until `end_all` or `swap` take it out. No function of this type holds the reference while code of the
        // user runs, which is what could get there.
        self.0.get().map(|table| unsafe { table.as_ref() })
    }

    #[cold]
    fn table(&self) -> &Table {
        if self.is_empty() {
            ARE_USED.store(true, Relaxed);
            self.0.set(NonNull::new(Box::into_raw(Box::default())));
        }
        self.get().expect("just made")
    }

    /// The initialiser of `key`, of which there is nothing, is about to run.
    pub(crate) fn begin(&self, key: usize) {
        self.table().borrow_mut().push(Entry { key, state: Found::Begins, heir: None });
    }

    /// The initialiser of `key` has ended. Nothing is left of that.
    pub(crate) fn end_begin(&self, key: usize) {
        self.table().borrow_mut().retain(|entry| entry.key != key);
    }

    /// `key`, of which there is nothing, has this value. It ends before those that its initialiser has used.
    pub(crate) fn insert(&self, key: usize, value: Rc<dyn Any>, heir: Option<MakeHeir>) {
        self.table().borrow_mut().push(Entry { key, state: Found::Value(value), heir });
    }

    /// Clones what is inherited. A panic is that of a `Clone`.
    #[cold]
    pub(crate) fn heirs(&self) -> Vec<Heir> {
        let Some(table) = self.get() else { return Vec::new() };
        let inherited = |entry: &Entry| match (&entry.state, entry.heir) {
            (Found::Value(value), Some(heir)) => Some((entry.key, value.clone(), heir)),
            _ => None,
        };
        let values: Vec<_> = table.borrow().iter().filter_map(inherited).collect();
        values.into_iter().map(|(key, value, heir)| Heir { key, value: heir(&*value), heir }).collect()
    }

    /// Begins with `heirs`. There are no values yet.
    #[cold]
    pub(crate) fn inherit(&self, heirs: Vec<Heir>) {
        heirs.into_iter().for_each(|Heir { key, value, heir }| self.insert(key, value(), Some(heir)));
    }

    /// Ends the values, the last one first. Destructors may make further ones of other keys, and these end as well.
    ///
    /// As with `thread_local!`, a panic in a destructor ends the process. One that `is_no_panic` only ends the destructor.
    #[inline]
    pub(crate) fn end(&self, is_no_panic: fn(&(dyn Any + Send)) -> bool) {
        if !self.is_empty() {
            self.end_all(is_no_panic);
        }
    }

    #[cold]
    #[inline(never)]
    fn end_all(&self, is_no_panic: fn(&(dyn Any + Send)) -> bool) {
        while let Some(value) = self.end_last() {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value)))
                && !is_no_panic(&*payload)
            {
                report::abort("a goroutine-local value panicked in its destructor");
            }
        }
        if let Some(table) = self.0.take() {
            // SAFETY: from `Box::into_raw`, and in no other word. See `get` for the references to it.
            drop(unsafe { Box::from_raw(table.as_ptr()) });
        }
    }

    fn end_last(&self) -> Option<Rc<dyn Any>> {
        let mut entries = self.get()?.borrow_mut();
        let last = entries.iter_mut().rev().find(|entry| matches!(entry.state, Found::Value(_)))?;
        match std::mem::replace(&mut last.state, Found::Ended) {
            Found::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Has the values of `other`, which has those of this one.
    pub(crate) fn swap(&self, other: &Locals) {
        self.0.swap(&other.0);
    }
}
