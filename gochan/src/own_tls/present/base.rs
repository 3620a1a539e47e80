//! The thread pointer: the base of the segment FS.

use std::arch::asm;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Programs may write the base themselves; otherwise the kernel does it for them, which takes 150 ns.
static BY_INSTRUCTION: AtomicBool = AtomicBool::new(false);

pub(super) fn prepare() {
    const HWCAP2_FSGSBASE: libc::c_ulong = 1 << 1;
    // SAFETY: a question without side effects.
    let capabilities = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    BY_INSTRUCTION.store(capabilities & HWCAP2_FSGSBASE != 0, Relaxed);
}

/// The address of the block in use. The first word of each block is its own address.
#[inline(always)]
pub(super) fn read() -> usize {
    let base: usize;
    // SAFETY: on this platform the word is there in each thread.
    unsafe { asm!("mov {}, fs:[0]", out(reg) base, options(nostack, preserves_flags, readonly)) };
    base
}

/// # Safety
/// `base` is a complete block, which no other thread uses, and the calling function refers to no thread-local.
#[inline(always)]
pub(super) unsafe fn write(base: usize) {
    if BY_INSTRUCTION.load(Relaxed) {
        // SAFETY: the kernel has said that the instruction is there. The rest is the caller's promise.
        unsafe { asm!("wrfsbase {}", in(reg) base, options(nostack, preserves_flags)) };
    } else {
        write_by_kernel(base);
    }
}

#[cold]
#[inline(never)]
fn write_by_kernel(base: usize) {
    const ARCH_SET_FS: usize = 0x1002;
    // SAFETY: the caller's promise to `write`. Not by libc's function, which would set `errno` in one block or the other.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") libc::SYS_arch_prctl => _,
            in("rdi") ARCH_SET_FS,
            in("rsi") base,
            out("rcx") _,
            out("r11") _,
            options(nostack)
        );
    }
}
