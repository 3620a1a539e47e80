//! Copying a thread's state in a signal handler.
//!
//! The handler only reads the registers that the system has saved and the goroutine's own stack, and writes to statics.
//! It takes no lock, allocates nothing, and calls the system only for the thread's id. It runs on the thread's
//! alternate stack. One thread is interrupted at a time.

use super::Copy;
use super::unwind::REGISTERS;
use crate::diag::stacks::busy::Unseen;
use libc::{c_int, c_void, pid_t, siginfo_t, ucontext_t};
use std::mem::{MaybeUninit, zeroed};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

const SIGNAL: c_int = libc::SIGURG;
/// How long to wait for the handler to begin.
const PATIENCE: Duration = Duration::from_secs(2);
/// The maximum number of bytes of a stack to copy.
const LONGEST: usize = 256 * 1024;
const WORDS: usize = LONGEST / 8;

/// The request to the handler, and its result.
static STATE: AtomicU32 = AtomicU32::new(IDLE);
const IDLE: u32 = 0;
const ASKED: u32 = 1;
const COPYING: u32 = 2;
const COPIED: u32 = 3;
const ELSEWHERE: u32 = 4;

static THREAD: AtomicI32 = AtomicI32::new(0);
static FLOOR: AtomicUsize = AtomicUsize::new(0);
static BASE: AtomicUsize = AtomicUsize::new(0);

static AT: AtomicU64 = AtomicU64::new(0);
static SAVED: [AtomicU64; REGISTERS] = [const { AtomicU64::new(0) }; REGISTERS];
static START: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicUsize = AtomicUsize::new(0);
static MEMORY: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// The registers and stack of the thread, if it runs on `stack`.
pub(crate) fn copy(thread: pid_t, stack: Range<usize>) -> Result<Copy, Unseen> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let Ok(_mine) = ONE_AT_A_TIME.try_lock() else { return Err(Unseen::NoAnswer) };
    if STATE.load(Acquire) == COPYING {
        // The handler has not finished since the last time.
        return Err(Unseen::NoAnswer);
    }
    THREAD.store(thread, Relaxed);
    FLOOR.store(stack.start, Relaxed);
    BASE.store(stack.end, Relaxed);
    // Release: publishes the request.
    STATE.store(ASKED, Release);
    let installed = Installed::new()?;
    // SAFETY: a signal to a thread of this process, for which there is a handler. If the thread has ended, or another one
    // has its number, nothing comes of it.
    if unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, SIGNAL) } != 0 {
        return Err(Unseen::NoAnswer);
    }
    let state = wait();
    drop(installed);
    match state {
        COPIED => Ok(taken(stack.end)),
        ELSEWHERE => Err(Unseen::Elsewhere),
        _ => Err(Unseen::NoAnswer),
    }
}

/// Waits until the handler has finished, or has not begun for too long.
fn wait() -> u32 {
    let start = Instant::now();
    loop {
        // Acquire: sees what the handler has written.
        let state = STATE.load(Acquire);
        if state >= COPIED {
            return state;
        }
        let waited = start.elapsed();
        if waited >= PATIENCE && STATE.compare_exchange(ASKED, IDLE, Relaxed, Relaxed).is_ok() {
            return IDLE;
        }
        if waited >= 2 * PATIENCE {
            return state;
        }
        thread::sleep(Duration::from_micros(100));
    }
}

fn taken(base: usize) -> Copy {
    let words = &MEMORY[..COUNT.load(Relaxed)];
    Copy {
        registers: std::array::from_fn(|index| Some(SAVED[index].load(Relaxed))),
        at: AT.load(Relaxed),
        start: START.load(Relaxed) as u64,
        memory: words.iter().flat_map(|word| word.load(Relaxed).to_ne_bytes()).collect(),
        base: base as u64,
    }
}

/// Proof that the handler is installed.
struct Installed(libc::sigaction);

impl Installed {
    fn new() -> Result<Installed, Unseen> {
        // SAFETY: the actions are locals; zeroed ones are valid, and this one is then filled in.
        unsafe {
            let mut before = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            if libc::sigaction(SIGNAL, std::ptr::null(), &raw mut before) != 0
                || before.sa_sigaction != libc::SIG_DFL
            {
                return Err(Unseen::SignalTaken);
            }
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = address();
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
            libc::sigfillset(&raw mut action.sa_mask);
            libc::sigaction(SIGNAL, &raw const action, &raw mut before);
            if before.sa_sigaction != libc::SIG_DFL {
                // Other code has installed it since the check.
                libc::sigaction(SIGNAL, &raw const before, std::ptr::null_mut());
                return Err(Unseen::SignalTaken);
            }
            Ok(Installed(before))
        }
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        // SAFETY: as above; the action before is the default one, by which the signal is ignored if it is still to come.
        unsafe {
            let mut now: libc::sigaction = zeroed();
            libc::sigaction(SIGNAL, &raw const self.0, &raw mut now);
            if now.sa_sigaction != address() {
                // Other code has installed its own handler over this one.
                libc::sigaction(SIGNAL, &raw const now, std::ptr::null_mut());
            }
        }
    }
}

fn address() -> usize {
    handler as *const () as usize
}

extern "C" fn handler(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // Acquire: sees the request.
    if STATE.load(Acquire) != ASKED {
        return;
    }
    // SAFETY: a question to the system, which always has an answer.
    if unsafe { libc::syscall(libc::SYS_gettid) } != libc::c_long::from(THREAD.load(Relaxed))
        || STATE.compare_exchange(ASKED, COPYING, Acquire, Relaxed).is_err()
    {
        return;
    }
    // SAFETY: the system passes the context of what it has interrupted.
    let stack_pointer = save_registers(unsafe { &*context.cast::<ucontext_t>() }) & !7;
    if !(FLOOR.load(Relaxed)..BASE.load(Relaxed)).contains(&stack_pointer) {
        STATE.store(ELSEWHERE, Release);
        return;
    }
    let words = ((BASE.load(Relaxed) - stack_pointer) / 8).min(WORDS);
    for (index, word) in MEMORY[..words].iter().enumerate() {
        // SAFETY: the thread is on this stack, which is memory up to its base, and only the thread writes to it.
        word.store(unsafe { (stack_pointer as *const u64).add(index).read_volatile() }, Relaxed);
    }
    START.store(stack_pointer, Relaxed);
    COUNT.store(words, Relaxed);
    // Release: publishes the copy.
    STATE.store(COPIED, Release);
}

/// Returns the stack pointer.
#[cfg(target_arch = "x86_64")]
fn save_registers(context: &ucontext_t) -> usize {
    use libc::*;
    /// In the order of their DWARF numbers.
    const ORDER: [c_int; REGISTERS] = [
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10,
        REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    ];
    let registers = &context.uc_mcontext.gregs;
    for (saved, register) in SAVED.iter().zip(ORDER) {
        saved.store(registers[register as usize] as u64, Relaxed);
    }
    AT.store(registers[REG_RIP as usize] as u64, Relaxed);
    registers[REG_RSP as usize] as usize
}

/// Returns the stack pointer.
#[cfg(target_arch = "aarch64")]
fn save_registers(context: &ucontext_t) -> usize {
    let machine = &context.uc_mcontext;
    for (saved, register) in SAVED.iter().zip(machine.regs.iter().chain([&machine.sp])) {
        saved.store(*register, Relaxed);
    }
    AT.store(machine.pc, Relaxed);
    machine.sp as usize
}
