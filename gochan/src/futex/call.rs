//! The function `syscall`, in place of libc's.

use super::{End, wait, waiting_goroutine, wake};
use std::arch::asm;
use std::ffi::{c_int, c_long};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

type Arguments = [usize; 6];

/// The system call, as libc's function makes it: `-errno` for a failure.
///
/// # Safety
/// As for the system call.
#[inline]
unsafe fn kernel(number: c_long, [a, b, c, d, e, f]: Arguments) -> isize {
    let result: isize;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            out("rcx") _,
            out("r11") _,
            options(nostack)
        );
    }
    result
}

/// Libc's `syscall`.
///
/// # Safety
/// As for the system call. Callers pass as many arguments as it has; the others are not used.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    let arguments = [a, b, c, d, e, f];
    let result = if number == libc::SYS_futex {
        // SAFETY: the caller's promise.
        unsafe { futex(arguments) }
    } else {
        // SAFETY: as above.
        unsafe { kernel(number, arguments) }
    };
    if (-4095..0).contains(&result) {
        // SAFETY: the calling thread's, or goroutine's, own.
        unsafe { *libc::__errno_location() = -result as c_int };
        return -1;
    }
    result as c_long
}

/// # Safety
/// As for the system call.
unsafe fn futex(arguments: Arguments) -> isize {
    let [word, operation, value, timeout, _, bits] = arguments;
    let (operation, value) = (operation as c_int, value as u32);
    let bits = match operation & libc::FUTEX_CMD_MASK {
        libc::FUTEX_WAIT | libc::FUTEX_WAKE => u32::MAX,
        libc::FUTEX_WAIT_BITSET | libc::FUTEX_WAKE_BITSET => bits as u32,
        // SAFETY: the caller's promise.
        _ => return unsafe { kernel(libc::SYS_futex, arguments) },
    };
    let is_wait = matches!(operation & libc::FUTEX_CMD_MASK, libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET);
    if !is_wait {
        let count = (value as i32).max(0) as usize;
        let woken = wake(word, count, bits);
        if woken >= count {
            return woken as isize;
        }
        let rest = [word, arguments[1], count - woken, timeout, arguments[4], arguments[5]];
        // SAFETY: the caller's promise.
        let others = unsafe { kernel(libc::SYS_futex, rest) };
        return if others < 0 && woken == 0 { others } else { woken as isize + others.max(0) };
    }
    let Some(goroutine) = waiting_goroutine() else {
        // SAFETY: the caller's promise.
        return unsafe { kernel(libc::SYS_futex, arguments) };
    };
    // SAFETY: the caller's promise: null or a time.
    let limit = unsafe { (timeout as *const libc::timespec).as_ref() }.map(|time| {
        let time = Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec.max(0) as u32);
        if operation & libc::FUTEX_CMD_MASK == libc::FUTEX_WAIT {
            time
        } else {
            time.saturating_sub(now(operation))
        }
    });
    // SAFETY: the caller's promise: a word that others change atomically.
    match unsafe { wait(goroutine, word as *const AtomicU32, value, bits, limit) } {
        End::Woken => 0,
        End::Changed => -libc::EAGAIN as isize,
        End::TimedOut => -libc::ETIMEDOUT as isize,
    }
}

/// The time of the clock that the operation refers to.
fn now(operation: c_int) -> Duration {
    let clock = if operation & libc::FUTEX_CLOCK_REALTIME != 0 {
        libc::CLOCK_REALTIME
    } else {
        libc::CLOCK_MONOTONIC
    };
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is valid.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
