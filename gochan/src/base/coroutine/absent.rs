//! No coroutines: the settings choose `Backend::Threads`, so that nothing here makes one.

use std::io;
use std::marker::PhantomData;
use std::num::NonZeroUsize;

pub(crate) const ARE_HERE: bool = false;

pub(crate) type StackPointer = NonZeroUsize;

/// # Safety
/// As `corosensei` has it.
#[allow(dead_code, reason = "nothing asks")]
pub(crate) unsafe trait Stack {
    fn base(&self) -> StackPointer;
    fn limit(&self) -> StackPointer;
}

pub(crate) struct Coroutine<I, Y, R, S>(Never, PhantomData<(I, Y, R, S)>);

pub(crate) struct Yielder<I, Y>(Never, PhantomData<(I, Y)>);

#[allow(dead_code, reason = "never made")]
pub(crate) enum CoroutineResult<Y, R> {
    Yield(Y),
    Return(R),
}

enum Never {}

impl<I, Y, R, S: Stack> Coroutine<I, Y, R, S> {
    pub(crate) fn with_stack<F: FnOnce(&Yielder<I, Y>, I) -> R>(_: S, _: F) -> Self {
        unreachable!("there are no coroutines on this system")
    }

    pub(crate) fn resume(&mut self, _: I) -> CoroutineResult<Y, R> {
        match self.0 {}
    }
}

impl<I, Y> Yielder<I, Y> {
    pub(crate) fn suspend(&self, _: Y) -> I {
        match self.0 {}
    }

    pub(crate) fn on_parent_stack<R>(&self, _: impl FnOnce() -> R + Send) -> R {
        match self.0 {}
    }
}

/// Stays on the thread's own stack.
pub(crate) fn on_stack<R>(_: impl Sized, f: impl FnOnce() -> R) -> R {
    f()
}

/// In place of a stack.
pub(crate) struct DefaultStack;

impl DefaultStack {
    pub(crate) fn new(_: usize) -> io::Result<DefaultStack> {
        Ok(DefaultStack)
    }
}
