//! The handlers that the kernel calls when a signal arrives. They are async-signal-safe: they use only atomics, calls
//! that POSIX allows in handlers, and memory that is never freed.
//!
//! There are several handlers, the *layers*: equal functions, each of which calls its own previous action. So a handler
//! can be put over another crate's handler that already calls one of ours. See [`handlers`](super::handlers) for when
//! each is installed.
//!
//! The handler that the kernel calls first notes the signal and wakes the signals thread; so does a handler that
//! another crate's calls, if the signal is wanted. All others only call their previous action.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering::*};

/// The number of handlers for each signal.
pub(super) const LAYERS: usize = 16;
pub(super) const SIGNALS: usize = 64;

/// Signals that have arrived, have not been passed on, and that another handler has also seen: bit n is signal n + 1.
static SHARED: AtomicU64 = AtomicU64::new(0);
/// Likewise, but seen only by a handler of ours.
static ALONE: AtomicU64 = AtomicU64::new(0);
/// Signals that have a subscriber.
static WANTED: AtomicU64 = AtomicU64::new(0);
/// The socket that wakes the signals thread.
static SOCKET: AtomicI32 = AtomicI32::new(-1);
/// The process that the signals thread belongs to.
static PROCESS: AtomicI32 = AtomicI32::new(0);
/// The action that each layer was put over, signal by signal.
static PREVIOUS: [[AtomicPtr<Previous>; LAYERS]; SIGNALS] =
    [const { [const { AtomicPtr::new(std::ptr::null_mut()) }; LAYERS] }; SIGNALS];

type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// The only place that takes the handlers' addresses: the address of a generic function may differ from use to use.
static HANDLERS: [Handler; LAYERS] = [
    handler::<0>,
    handler::<1>,
    handler::<2>,
    handler::<3>,
    handler::<4>,
    handler::<5>,
    handler::<6>,
    handler::<7>,
    handler::<8>,
    handler::<9>,
    handler::<10>,
    handler::<11>,
    handler::<12>,
    handler::<13>,
    handler::<14>,
    handler::<15>,
];

/// The part of an action that a handler needs to call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Previous {
    function: usize,
    takes_info: bool,
}

impl Previous {
    pub(super) fn of(action: &libc::sigaction) -> Previous {
        Previous { function: action.sa_sigaction, takes_info: action.sa_flags & libc::SA_SIGINFO != 0 }
    }

    /// True if this is the default action or `SIG_IGN`, not a function.
    fn is_system(self) -> bool {
        matches!(self.function, libc::SIG_DFL | libc::SIG_IGN)
    }

    fn call(self, signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
        if self.is_system() {
            return;
        }
        let function = self.function as *const ();
        // SAFETY: the process has installed the function as the handler of this signal, to be called in this way.
        unsafe {
            if self.takes_info {
                std::mem::transmute::<*const (), Handler>(function)(signal, info, context);
            } else {
                std::mem::transmute::<*const (), extern "C" fn(c_int)>(function)(signal);
            }
        }
    }
}

/// The bit of `signal` in a set.
pub(super) fn bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}

/// The current action of `signal`, if there is such a signal.
pub(super) fn action(signal: c_int) -> Option<libc::sigaction> {
    // SAFETY: a query that writes to a local; all zero is an action.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, std::ptr::null(), &mut action) == 0).then_some(action)
    }
}

/// True for the default action and `SIG_IGN`.
pub(super) fn is_system(action: &libc::sigaction) -> bool {
    Previous::of(action).is_system()
}

/// The layer that the action calls, if it is one of ours.
pub(super) fn layer_of(action: &libc::sigaction) -> Option<usize> {
    HANDLERS.iter().position(|handler| action.sa_sigaction == *handler as usize)
}

/// The action that calls `layer`, to be put over `previous`.
pub(super) fn action_of(layer: usize, previous: &libc::sigaction) -> libc::sigaction {
    // SAFETY: all zero is an action and a set of signals; `sigemptyset` writes to a local.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = HANDLERS[layer] as usize;
    // On the alternate stack, since a goroutine's may be too small for handlers.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
    if is_system(previous) {
        // SAFETY: as above.
        unsafe { libc::sigemptyset(&mut action.sa_mask) };
    } else {
        // Ours calls it, and it does not expect these signals meanwhile.
        action.sa_mask = previous.sa_mask;
    }
    action
}

/// Sets the action that `layer` calls. Must happen before the layer is installed, since it may be called at once.
pub(super) fn set_previous(signal: c_int, layer: usize, previous: &'static Previous) {
    // Release pairs with the Acquire of `arrive`.
    PREVIOUS[signal as usize - 1][layer].store(std::ptr::from_ref(previous).cast_mut(), Release);
}

/// Sets the socket by which the handlers of this process wake the signals thread, with a byte.
pub(super) fn wake_through(socket: c_int) {
    SOCKET.store(socket, SeqCst);
    // SAFETY: a plain system call.
    PROCESS.store(unsafe { libc::getpid() }, SeqCst);
}

/// Publishes which signals have a subscriber.
pub(super) fn publish(wanted: u64) {
    WANTED.store(wanted, SeqCst);
}

/// Signals that have arrived since the last `take`.
pub(super) struct Arrived {
    pub(super) all: u64,
    /// Those that only a handler of ours has seen.
    pub(super) alone: u64,
}

pub(super) fn take() -> Arrived {
    let alone = ALONE.swap(0, SeqCst);
    Arrived { all: alone | SHARED.swap(0, SeqCst), alone }
}

/// Sends the process again a signal that has arrived without effect, for the system or another handler.
pub(super) fn send_again(signal: c_int) {
    // SAFETY: a signal to this process, for which there is an action.
    unsafe { libc::kill(libc::getpid(), signal) };
}

extern "C" fn handler<const LAYER: usize>(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let errno = Errno::save();
    arrive(signal, LAYER, info, context);
    errno.restore();
}

fn arrive(signal: c_int, layer: usize, info: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(layers) = PREVIOUS.get((signal - 1) as usize) else { return };
    // SAFETY: set before the handler was installed, never freed. Acquire pairs with the Release of `set_previous`.
    let Some(previous) = (unsafe { layers[layer].load(Acquire).as_ref() }).copied() else { return };
    let caller = HandlerCaller::find(signal, layer);
    // Before the subscribers, so that they see the effects of that handler.
    previous.call(signal, info, context);
    // SAFETY: a plain system call.
    if unsafe { libc::getpid() } != PROCESS.load(SeqCst) {
        if caller == HandlerCaller::First && previous.is_system() {
            act_in_child(signal, previous);
        }
        return;
    }
    match caller {
        HandlerCaller::First if previous.is_system() => note(signal, &ALONE),
        HandlerCaller::First => note(signal, &SHARED),
        HandlerCaller::Under if WANTED.load(SeqCst) & bit(signal) != 0 => note(signal, &SHARED),
        HandlerCaller::Under | HandlerCaller::Below => {}
    }
}

/// The caller of a handler.
#[derive(PartialEq)]
enum HandlerCaller {
    /// The kernel.
    First,
    /// A handler that is not ours.
    Under,
    /// A handler that is not ours, called by one of ours.
    Below,
}

impl HandlerCaller {
    fn find(signal: c_int, layer: usize) -> HandlerCaller {
        let Some(now) = action(signal) else { return HandlerCaller::First };
        match layer_of(&now) {
            Some(first) if first == layer => HandlerCaller::First,
            Some(_) => HandlerCaller::Below,
            // Another thread has just restored it.
            None if is_system(&now) => HandlerCaller::First,
            None => HandlerCaller::Under,
        }
    }
}

fn note(signal: c_int, set: &AtomicU64) {
    set.fetch_or(bit(signal), SeqCst);
    // SAFETY: the socket is never closed. If it is full, the thread is about to check anyway.
    unsafe { libc::write(SOCKET.load(SeqCst), [0_u8].as_ptr().cast(), 1) };
}

/// In a forked child, which has no signals thread: gives the signal its previous effect.
fn act_in_child(signal: c_int, previous: Previous) {
    // SAFETY: both calls are allowed in handlers, and the action is a local; all zero is an action. The signal is
    // blocked until the handler returns.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = previous.function;
        libc::sigaction(signal, &action, std::ptr::null_mut());
        libc::raise(signal);
    }
}

/// The `errno` that the interrupted code may be about to read.
struct Errno(c_int);

impl Errno {
    fn save() -> Errno {
        // SAFETY: the location belongs to this thread.
        Errno(unsafe { *Errno::place() })
    }

    fn restore(self) {
        // SAFETY: as above.
        unsafe { *Errno::place() = self.0 };
    }

    fn place() -> *mut c_int {
        // SAFETY: the functions only return an address.
        unsafe {
            #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
            return libc::__error();
            #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
            return libc::__errno();
            #[cfg(any(target_os = "solaris", target_os = "illumos"))]
            return libc::___errno();
            #[cfg(not(any(
                target_vendor = "apple",
                target_os = "freebsd",
                target_os = "android",
                target_os = "netbsd",
                target_os = "openbsd",
                target_os = "solaris",
                target_os = "illumos"
            )))]
            libc::__errno_location()
        }
    }
}
