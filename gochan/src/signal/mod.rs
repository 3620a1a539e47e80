//! Signals of the operating system, as values on a channel or as the end of a context.
//!
//! [`notify`] relays signals into a channel; [`notify_context`] derives a context that a signal cancels, for the
//! orderly shutdown of a server:
//!
//! ```no_run
//! use gochan::prelude::*;
//! use gochan::signal::{Signal, notify_context};
//!
//! # fn serve(_: &Context) {}
//! #[gochan::main]
//! fn main() {
//!     let (ctx, _stop) = notify_context(&background(), &[Signal::INTERRUPT, Signal::TERMINATE]);
//!     serve(&ctx); // until `ctx.done()`
//! }
//! ```
//!
//! A signal with a listener no longer has its default effect, such as ending the program. It has that effect again when
//! the last listener is gone, for instance by [`stop`]. A program in which goroutines wait for signals is not
//! deadlocked, whatever else waits.
//!
//! The handler that the kernel calls only notes the signal. A thread of the runtime, started by the first use, passes
//! it on. The thread never waits for a receiver, and survives a panic of a receiver's waker. Calls that wake receivers,
//! such as [`stop`] and [`reset`], resume the first such panic at their end, when all else is done. The system may
//! merge several pending signals of the same number into one.
//!
//! # Other handlers
//!
//! Other code may listen for the same signals, with the C library, the crate `signal-hook` or `tokio::signal`:
//!
//! - The first listener here installs a handler, and the last one restores the previous action. A previous handler is
//!   called for each signal, before the listeners here get it.
//! - A handler that other code installs later stays. While it is installed, the signal does not have its default
//!   effect, with or without listeners here. If it calls the previous handler, as that of `signal-hook` does, all
//!   listeners here get the signal; otherwise only later listeners do.
//! - A program's own handler for SIGQUIT replaces the dump of all goroutines, whenever it is installed.
//! - Handlers run on the alternate signal stack if the thread has one, as the runtime's threads do. While there are
//!   listeners here, this also holds for previous handlers.
//! - In a forked child, where the thread does not exist, signals have the effect that they have without listeners.
//!
//! | Go | here |
//! |---|---|
//! | `signal.Notify(ch, sigs…)` | [`notify`], which makes the channel |
//! | `signal.Stop(ch)` | [`stop`], or dropping the receivers |
//! | `signal.NotifyContext(ctx, sigs…)` | [`notify_context`] |
//! | `signal.Ignore(sigs…)` | [`ignore`] |
//! | `signal.Reset(sigs…)` | [`reset`] |
//! | `signal.Ignored(sig)` | [`is_ignored`] |

mod arrival;
mod handlers;
mod hub;
mod number;

pub use number::Signal;

use crate::chan::{Chan, Receiver};
use crate::context::{CancelHandle, CancelSource, Context, ContextError, EndSignal};
use hub::{Hub, Sink, Subscription};
use std::error::Error;
use std::fmt;

pub(crate) use hub::dump_on_quit;

/// The capacity of a channel of [`notify`].
const CAPACITY: usize = 16;

/// Relays each arrival of one of `signals` into a channel: Go's `signal.Notify`.
///
/// The channel holds 16 signals; while it is full, further ones are dropped. [`stop`] ends it. If instead the last
/// receiver is dropped, the next signal finds no listener and has its default effect. Never blocks.
///
/// # Panics
/// If `signals` is empty, or contains one that cannot be caught (SIGKILL, SIGSTOP), that belongs to faulting
/// instructions (SIGSEGV, SIGILL, SIGFPE), or that does not exist. If the system has no more threads or file
/// descriptors.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::signal::{self, Signal};
///
/// let signals = signal::notify(&[Signal::USER1]);
/// // SAFETY: raises a signal for which there is a handler.
/// unsafe { libc::raise(Signal::USER1.number()) };
/// assert_eq!(signals.recv(), Some(Signal::USER1));
/// signal::stop(&signals);
/// assert_eq!(signals.recv(), None);
/// ```
#[doc(alias = "signal.Notify")]
#[track_caller]
pub fn notify(signals: &[Signal]) -> Receiver<Signal> {
    let (sender, receiver) = Chan::with_capacity(CAPACITY).split();
    // Kept until `stop`, or until the receivers are gone.
    Hub::get().subscribe(signals, Sink::Channel(sender)).keep();
    receiver
}

/// Stops relaying signals into the channel, and closes it: receivers still get the signals that have arrived, then
/// `None`.
///
/// After it returns, no more signals arrive. A signal without another listener has its default effect again. Does
/// nothing for channels that are not from [`notify`]. Never blocks.
///
/// # Panics
/// With the first panic of a waker of a waiting receiver, after all else is done.
#[doc(alias = "signal.Stop")]
pub fn stop(signals: &Receiver<Signal>) {
    Hub::get().unsubscribe(|sink| matches!(sink, Sink::Channel(sender) if signals.same_channel(sender)));
}

/// Ignores `signals`, whether or not they have listeners.
///
/// It undoes [`notify`] and [`notify_context`] for them, as [`reset`] does. Programs that this one starts also ignore
/// them, unless they install handlers. A later [`notify`] undoes it.
///
/// # Panics
/// If `signals` is empty, or contains one for which [`notify`] would panic. Also like [`stop`].
///
/// ```
/// use gochan::signal::{self, Signal};
///
/// signal::ignore(&[Signal::USER1]);
/// assert!(signal::is_ignored(Signal::USER1));
/// // SAFETY: raises a signal that is ignored.
/// unsafe { libc::raise(Signal::USER1.number()) };
/// signal::reset(&[Signal::USER1]);
/// assert!(!signal::is_ignored(Signal::USER1));
/// ```
#[doc(alias = "signal.Ignore")]
#[track_caller]
pub fn ignore(signals: &[Signal]) {
    Hub::get().ignore(signals);
}

/// Undoes [`notify`], [`notify_context`] and [`ignore`] for `signals`, or for all signals if none are given: they have
/// their default effect again.
///
/// A channel with no signals left closes, as by [`stop`]; signals that have arrived can still be received. Contexts do
/// not end; these signals just no longer cancel them.
///
/// # Panics
/// If `signals` contains one for which [`notify`] would panic. Also like [`stop`].
#[doc(alias = "signal.Reset")]
#[track_caller]
pub fn reset(signals: &[Signal]) {
    Hub::get().reset(signals);
}

/// True if `signal` is ignored, by [`ignore`] or because the program was started that way, and has no listener.
#[doc(alias = "signal.Ignored")]
#[doc(alias = "Ignored")]
pub fn is_ignored(signal: Signal) -> bool {
    handlers::is_ignored(signal.number())
}

/// A child of `parent` that the first of `signals` cancels, and a handle that cancels it without a signal.
///
/// A signal cancels once: after that, or any other end of the context, the signals have their default effect again. So
/// a second Ctrl-C ends a program that is slow to react to the first. [`Context::cause`] is a [`Received`].
///
/// # Panics
/// Like [`notify`].
#[doc(alias = "signal.NotifyContext")]
#[track_caller]
pub fn notify_context(parent: &Context, signals: &[Signal]) -> (Context, CancelHandle) {
    let wish = Hub::get().prepare(signals);
    let (ctx, cancel) = parent.with_source(BySignal(wish)).with_cancel();
    let id = wish.id();
    drop(ctx.after_func(move || Hub::get().unsubscribe_id(id)));
    (ctx, cancel)
}

/// Ends a context with a signal.
struct BySignal(hub::Wish);

impl CancelSource for BySignal {
    type Watch = Subscription;

    fn watch(self, end: EndSignal) -> Subscription {
        Hub::get().fulfil(self.0, Sink::Context(end))
    }
}

fn end_by(end: &EndSignal, signal: Signal) {
    end.end_cause(ContextError::Canceled, Received(signal));
}

/// Why a context of [`notify_context`] has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received(pub Signal);

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} signal received", self.0)
    }
}

impl Error for Received {}
