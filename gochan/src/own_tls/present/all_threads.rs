//! `setuid` and its kin: libc makes every thread change its user, by a signal, and waits for each to have done so.
//!
//! The handler notes in the record of its thread that it has. On a goroutine's block that would be the wrong record, and the
//! wait would go on. So the handler is wrapped: it runs on the block that libc has made for the thread.

use super::{HOME, base};
use std::arch::asm;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Libc's own second signal, about which `sigaction` tells nothing.
const SIGSETXID: usize = 33;

/// As the kernel takes it.
#[repr(C)]
struct Action {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: u64,
}

type Handler = extern "C" fn(c_int, *mut c_void, *mut c_void);

static LIBCS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn wrapped(signal: c_int, info: *mut c_void, context: *mut c_void) {
    // SAFETY: set before the wrapper was installed, to the handler of libc.
    let libcs: Handler = unsafe { std::mem::transmute(LIBCS.load(Relaxed)) };
    on_own_block(home(), libcs, signal, info, context);
}

#[inline(never)]
fn home() -> isize {
    HOME.get()
}

#[inline(never)]
fn on_own_block(home: isize, handler: Handler, signal: c_int, info: *mut c_void, context: *mut c_void) {
    let here = base::read();
    // SAFETY: the block of the thread, and back to what the interrupted code was on. No thread-local is used here.
    unsafe {
        base::write(here.wrapping_add_signed(home));
        handler(signal, info, context);
        base::write(here);
    }
}

/// # Safety
/// `action` and `before` are null or valid.
unsafe fn sigaction(action: *const Action, before: *mut Action) -> isize {
    let result: isize;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") libc::SYS_rt_sigaction as isize => result,
            in("rdi") SIGSETXID,
            in("rsi") action,
            in("rdx") before,
            in("r10") size_of::<u64>(),
            out("rcx") _,
            out("r11") _,
            options(nostack)
        );
    }
    result
}

/// Wraps the handler, which libc installs with the first thread.
pub(super) fn prepare() -> Result<(), String> {
    let mut action = Action { handler: 0, flags: 0, restorer: 0, mask: 0 };
    // SAFETY: one is null, the other valid.
    let known = unsafe { sigaction(std::ptr::null(), &raw mut action) } == 0;
    if !known || action.handler <= libc::SIG_IGN {
        return Err("libc's handler for changes of the user is not where it is expected".to_owned());
    }
    if action.handler == wrapped as *const () as usize {
        return Ok(());
    }
    LIBCS.store(action.handler, Relaxed);
    action.handler = wrapped as *const () as usize;
    // SAFETY: one is valid, the other null. The handler keeps libc's conventions.
    unsafe { sigaction(&raw const action, std::ptr::null_mut()) };
    Ok(())
}
