//! The handler of segmentation faults, which tells overflows from others.

use super::{Report, regions};
use std::mem::MaybeUninit;
use std::sync::{Once, OnceLock};

static REPORT: OnceLock<Report> = OnceLock::new();
static mut PREVIOUS: [MaybeUninit<libc::sigaction>; 2] = [MaybeUninit::uninit(); 2];

/// Installs the handler, once; `report` must be async-signal-safe.
pub(crate) fn install(report: Report) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let _ = REPORT.set(report);
        for (index, signal) in [libc::SIGSEGV, libc::SIGBUS].into_iter().enumerate() {
            // SAFETY: `handler` is async-signal-safe; PREVIOUS is written only here, before the handler that reads it is
            // installed.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = handler as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigemptyset(&mut action.sa_mask);
                let mut old: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &mut old);
                (&raw mut PREVIOUS).cast::<libc::sigaction>().add(index).write(old);
                libc::sigaction(signal, &action, std::ptr::null_mut());
            }
        }
    });
}

/// Gives the calling thread an alternate signal stack unless it has one; leaked with the thread.
pub(crate) fn alternate_stack() {
    const SIZE: usize = 64 * 1024;
    // SAFETY: the memory handed to sigaltstack is leaked, hence valid for as long as the thread lives.
    unsafe {
        let mut current: libc::stack_t = std::mem::zeroed();
        libc::sigaltstack(std::ptr::null(), &mut current);
        if current.ss_flags & libc::SS_DISABLE == 0 {
            return;
        }
        let memory = Box::leak(vec![0_u8; SIZE].into_boxed_slice());
        let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: SIZE };
        libc::sigaltstack(&stack, std::ptr::null_mut());
    }
}

extern "C" fn handler(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo to an SA_SIGINFO handler.
    let address = unsafe { (*info).si_addr() } as usize;
    if let (Some((slot, is_segment)), Some(report)) = (regions::guarded_slot(address), REPORT.get()) {
        report(slot, is_segment);
    }
    let index = usize::from(signal == libc::SIGBUS);
    // SAFETY: `install` wrote the entry before this handler could run.
    let previous = unsafe { (&raw const PREVIOUS).cast::<libc::sigaction>().add(index).read() };
    // SAFETY: calling the handler that the process had installed, the way it asked to be called; for a default
    // or ignored disposition the default is restored and the faulting instruction runs into it again.
    unsafe {
        match previous.sa_sigaction {
            libc::SIG_DFL | libc::SIG_IGN => {
                let mut default: libc::sigaction = std::mem::zeroed();
                default.sa_sigaction = libc::SIG_DFL;
                libc::sigaction(signal, &default, std::ptr::null_mut());
            }
            function if previous.sa_flags & libc::SA_SIGINFO != 0 => {
                let function: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                    std::mem::transmute(function);
                function(signal, info, context);
            }
            function => {
                let function: extern "C" fn(libc::c_int) = std::mem::transmute(function);
                function(signal);
            }
        }
    }
}
