//! Signals of the operating system, as values on a channel or as the end of a context.
//!
//! [`notify`] relays signals into a channel; [`notify_context`] derives a context that a signal cancels, which is what
//! a server needs to shut down in order:
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
//! A signal with a listener no longer does what it would do by itself. After the last listener has gone, by [`stop`] for
//! instance, it does so again. A program in which goroutines wait for signals is not deadlocked, whatever else waits.
//!
//! The handler that the kernel calls only notes the signal. A thread of the runtime, started by the first use, passes it
//! on. It never waits for a receiver, and a panic of a receiver's waker does not end it: signals go on to arrive. In
//! calls that wake receivers, such as [`stop`] and [`reset`], the first such panic comes out at the end, when everything
//! is done. Several signals of one number that come at once may arrive as one, as everywhere.
//!
//! # Other handlers
//!
//! Other code may listen for the same signals, by the C library, the crate `signal-hook` or `tokio::signal`:
//!
//! - The first listener here installs a handler, the last one restores the action from before. A handler that was there
//!   before is called for each signal, before the listeners here get it.
//! - A handler that other code installs later stays. As long as it is installed, the signal does not do by itself what
//!   it would do without a handler, whoever listens here. If it calls the handler before it, as that of `signal-hook`
//!   does, all listeners here get the signal; else those that come later do.
//! - A program's own handler for SIGQUIT wins over the dump of all goroutines, whenever it is installed.
//! - Handlers run on the alternate signal stack if the thread has one, as those of the runtime do. That also holds for
//!   handlers from before while there are listeners here.
//! - In a forked child, where the thread does not exist, signals do by themselves what they would do without listeners.
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

/// Signals that a channel of [`notify`] holds while nobody receives.
const CAPACITY: usize = 16;

/// Relays every arrival of one of `signals` into a channel.
///
/// The channel holds 16 signals; while it is full, further ones are dropped: no sender of signals is ever held up.
/// [`stop`] ends it. If instead the last receiver is dropped, the next signal finds no listener and does what it does
/// by itself.
///
/// # Panics
/// If `signals` is empty, or has one that cannot be caught (SIGKILL and SIGSTOP), that belongs to failing instructions
/// (SIGSEGV, SIGILL, SIGFPE), or that does not exist. If the system gives no more threads or file descriptors.
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
    // Lasts until `stop`, or until the receivers are gone.
    Hub::get().subscribe(signals, Sink::Channel(sender)).keep();
    receiver
}

/// Relays no more signals into the channel, which closes: receivers still get what has arrived, then `None`.
///
/// When this returns nothing more arrives. A signal without another listener does again what it does by itself. Without
/// effect on channels that are not from [`notify`].
///
/// # Panics
/// With the first panic of a waker of those that wait at the channel, when everything is done.
#[doc(alias = "signal.Stop")]
pub fn stop(signals: &Receiver<Signal>) {
    Hub::get().unsubscribe(|sink| matches!(sink, Sink::Channel(sender) if signals.same_channel(sender)));
}

/// Lets `signals` do nothing, whether or not they have listeners.
///
/// It undoes [`notify`] and [`notify_context`] for them, as [`reset`] does. The programs that this one starts ignore
/// them, too, unless they install handlers. A later [`notify`] undoes it.
///
/// # Panics
/// If `signals` is empty, or has one for which [`notify`] would panic. As [`stop`] does.
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

/// Undoes [`notify`], [`notify_context`] and [`ignore`] for `signals`, or for all if none are given: they do again what
/// they do by themselves.
///
/// A channel for which no signal is left closes, as by [`stop`]; what has arrived can still be received. Contexts do not
/// end; they only are no longer cancelled by these signals.
///
/// # Panics
/// If `signals` has one for which [`notify`] would panic. As [`stop`] does.
#[doc(alias = "signal.Reset")]
#[track_caller]
pub fn reset(signals: &[Signal]) {
    Hub::get().reset(signals);
}

/// True if `signal` does nothing, because of [`ignore`] or because the program was started like that, and has no
/// listener.
#[doc(alias = "signal.Ignored")]
#[doc(alias = "Ignored")]
pub fn is_ignored(signal: Signal) -> bool {
    handlers::is_ignored(signal.number())
}

/// A child of `parent` that the first of `signals` cancels, and a handle that cancels it without.
///
/// A signal cancels once: from then on, as from any other end of the context, the signals do again what they do by
/// themselves. So a second Ctrl-C ends a program that takes its time over the first. [`Context::cause`] is a
/// [`Received`].
///
/// # Panics
/// As [`notify`] does.
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
