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
    #[inline]
    pub(crate) fn at(site: &'static Location<'static>) -> Origin {
        Origin(NonNull::from(site).cast())
    }

    #[cold]
    pub(crate) fn inheriting(site: &'static Location<'static>, heirs: Vec<Heir>) -> Origin {
        let inheriting = Box::into_raw(Box::new(Inheriting { site, heirs: Cell::new(heirs) }));
        let word = inheriting.cast::<()>().map_addr(|address| address | INHERITS);
        Origin(NonNull::new(word).expect("not at address zero"))
    }

    /// Null: it inherits nothing.
    #[inline]
    fn as_inheriting(&self) -> *mut Inheriting {
        if self.0.addr().get() & INHERITS == 0 {
            return std::ptr::null_mut();
        }
        self.0.as_ptr().map_addr(|address| address & !INHERITS).cast()
    }

    #[inline]
    pub(crate) fn site(&self) -> &'static Location<'static> {
        // SAFETY: as the mark says: valid as long as this is, or a location, which is so for ever.
        unsafe {
            self.as_inheriting().as_ref().map_or_else(|| self.0.cast().as_ref(), |inheriting| inheriting.site)
        }
    }

    /// What the goroutine begins with. Empty from the second call on.
    ///
    /// # Safety
    /// No other thread calls it at the same time.
    #[inline]
    pub(crate) unsafe fn take_heirs(&self) -> Vec<Heir> {
        // SAFETY: as in `site`.
        unsafe { self.as_inheriting().as_ref() }.map_or_else(Vec::new, |inheriting| inheriting.heirs.take())
    }
}

impl Drop for Origin {
    #[inline]
    fn drop(&mut self) {
        let inheriting = self.as_inheriting();
        if !inheriting.is_null() {
            // SAFETY: made by `Box::into_raw`, and used by no one any more.
            drop(unsafe { Box::from_raw(inheriting) });
        }
    }
}
