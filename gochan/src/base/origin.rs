//! Where a goroutine was spawned, and what it inherits from there, in one word.

use super::locals::Heir;
use std::cell::Cell;
use std::panic::Location;
use std::ptr::NonNull;

/// The location itself, or with [`INHERITS`] an [`Inheriting`].
pub(crate) struct Origin(NonNull<()>);

const INHERITS: usize = 1;
const _: () = assert!(align_of::<Location<'_>>() > INHERITS && align_of::<Inheriting>() > INHERITS);

struct Inheriting {
    site: &'static Location<'static>,
    heirs: Cell<Vec<Heir>>,
}

impl Origin {
    /// Of a goroutine that inherits nothing.
    #[inline(always)]
    pub(crate) fn at(site: &'static Location<'static>) -> Origin {
        Origin(NonNull::from(site).cast())
    }

    #[cold]
    pub(crate) fn inheriting(site: &'static Location<'static>, heirs: Vec<Heir>) -> Origin {
        let inheriting = Box::into_raw(Box::new(Inheriting { site, heirs: Cell::new(heirs) }));
        let word = inheriting.cast::<()>().map_addr(|address| address | INHERITS);
        Origin(NonNull::new(word).expect("not at address zero"))
    }

    /// Inlined, with what runs for every goroutine. Few goroutines inherit, so the code for them is out of line.
    #[inline(always)]
    pub(crate) fn inherits(&self) -> bool {
        self.0.addr().get() & INHERITS != 0
    }

    fn inherited(&self) -> NonNull<Inheriting> {
        debug_assert!(self.inherits());
        NonNull::new(self.0.as_ptr().map_addr(|address| address & !INHERITS)).expect("made from a box").cast()
    }

    #[inline(always)]
    pub(crate) fn site(&self) -> &'static Location<'static> {
        if self.inherits() {
            return self.site_inherited();
        }
        // SAFETY: a pointer without the mark is a `&'static Location`.
        unsafe { self.0.cast().as_ref() }
    }

    #[cold]
    fn site_inherited(&self) -> &'static Location<'static> {
        // SAFETY: as the mark says; it is valid as long as this is.
        unsafe { self.inherited().as_ref() }.site
    }

    /// What the goroutine begins with. Empty from the second call on.
    ///
    /// # Safety
    /// No other thread calls it at the same time.
    #[cold]
    pub(crate) unsafe fn take_heirs(&self) -> Vec<Heir> {
        if !self.inherits() {
            return Vec::new();
        }
        // SAFETY: as in `site_inherited`.
        unsafe { self.inherited().as_ref() }.heirs.take()
    }

    #[cold]
    fn free(&self) {
        // SAFETY: made by `Box::into_raw`, and used by no one any more.
        drop(unsafe { Box::from_raw(self.inherited().as_ptr()) });
    }
}

impl Drop for Origin {
    #[inline(always)]
    fn drop(&mut self) {
        if self.inherits() {
            self.free();
        }
    }
}
