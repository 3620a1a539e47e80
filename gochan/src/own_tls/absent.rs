//! Without the feature `virtual`, or on another platform: goroutines share the thread-locals of their worker, and all of this
//! compiles to nothing.

/// Always [`Block::SHARED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block;

impl Block {
    pub(crate) const SHARED: Block = Block;

    #[inline(always)]
    pub(crate) fn of_this_thread() -> Block {
        Block
    }

    #[inline(always)]
    pub(crate) fn below(_: usize) -> Block {
        Block
    }

    #[inline(always)]
    pub(crate) unsafe fn begin(self, _: Block) {}

    #[inline(always)]
    pub(crate) unsafe fn enter(self) {}

    pub(crate) unsafe fn end(self) {}
}

#[inline(always)]
pub(crate) fn is_on() -> bool {
    false
}

#[inline(always)]
pub(crate) fn room() -> usize {
    0
}

/// Says why there are none.
pub(crate) fn prepare() -> Result<(), String> {
    Err(if cfg!(feature = "virtual") {
        "it needs Linux on x86-64 with glibc".to_owned()
    } else {
        "it needs the feature `virtual` of gochan".to_owned()
    })
}

#[inline(always)]
pub(crate) fn run_destructors() -> bool {
    false
}

pub(crate) fn become_thread() {}

#[inline(always)]
pub(crate) fn in_place<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[inline(always)]
pub(crate) fn of_worker<T>(thread_local: &T) -> &T {
    thread_local
}
