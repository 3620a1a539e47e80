//! Coroutines: those of `corosensei`, or none where it has no switch for the processor or gochan no stacks for the system.
//!
//! Where there are none, goroutines run on `Backend::Threads`. What could make a coroutine compiles and is never called.

#[cfg(all(
    unix,
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        all(target_arch = "arm", not(target_vendor = "apple"))
    )
))]
mod present {
    pub(crate) use corosensei::stack::{DefaultStack, Stack, StackPointer};
    pub(crate) use corosensei::{Coroutine, CoroutineResult, Yielder, on_stack};

    pub(crate) const ARE_HERE: bool = true;
}
#[cfg(all(
    unix,
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        all(target_arch = "arm", not(target_vendor = "apple"))
    )
))]
pub(crate) use present::*;

#[cfg(not(all(
    unix,
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        all(target_arch = "arm", not(target_vendor = "apple"))
    )
)))]
mod absent;
#[cfg(not(all(
    unix,
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        all(target_arch = "arm", not(target_vendor = "apple"))
    )
)))]
pub(crate) use absent::*;
