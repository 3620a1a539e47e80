//! Passes signals on from their arrival to their subscribers.
//!
//! A thread waits until a handler has noted a signal, and passes it on. The lock of the hub is held only to change
//! state: to put values into channels, remove subscribers, and install and remove handlers. The user's code runs
//! afterwards, without a lock: the wakers of receivers, and whatever the end of a context or channel starts. So it may
//! use this module, and each piece of it runs even if another panics; see [`Outcome::act`].

use super::arrival::{self, bit};
use super::handlers::{Handlers, check};
use super::{Signal, end_by};
use crate::base::above::{Above, Dump};
use crate::base::actors::{OwnedThread, Source};
use crate::base::callback::Callbacks;
use crate::base::lock::lock;
use crate::base::{report, settings};
use crate::chan::{Sender, TrySendError};
use crate::context::EndSignal;
use crate::sched::park::Completed;
use std::ffi::c_int;
use std::io::{ErrorKind, Read};
use std::mem::take;
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

/// Where a signal goes.
pub(super) enum Sink {
    Channel(Sender<Signal>),
    /// Ends the context, once.
    Context(EndSignal),
    /// Dumps all goroutines and ends the process, if the signal has no other subscriber.
    Dump,
}

struct Subscriber {
    id: u64,
    signals: u64,
    sink: Sink,
    /// A goroutine that waits for a signal may be woken at any time.
    _source: Option<Source>,
}

/// A set of signals that can be caught, and the id of the future subscriber.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    id: u64,
    signals: u64,
}

impl Wish {
    pub(super) fn id(self) -> u64 {
        self.id
    }
}

/// A subscription, which ends when it is dropped.
#[derive(Debug)]
pub(super) struct Subscription(u64);

impl Subscription {
    /// Keeps the subscription without this handle.
    pub(super) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        Hub::get().unsubscribe_id(self.0);
    }
}

pub(super) struct Hub {
    subscribers: Mutex<Vec<Subscriber>>,
    next_id: AtomicU64,
}

impl Hub {
    /// The hub and its thread, started by the first call.
    pub(super) fn get() -> &'static Hub {
        static HUB: OnceLock<Hub> = OnceLock::new();
        HUB.get_or_init(|| {
            let (reader, writer) = UnixStream::pair().expect("a pair of sockets for signals");
            writer.set_nonblocking(true).expect("a socket that does not block");
            // The last step that can fail, so that a hub always has its thread.
            std::thread::Builder::new()
                .name("gochan-signals".to_owned())
                .spawn(move || {
                    let _owned = OwnedThread::new();
                    Hub::get().pass_on(reader);
                })
                .expect("a thread for signals");
            arrival::wake_through(writer.into_raw_fd());
            Hub { subscribers: Mutex::new(Vec::new()), next_id: AtomicU64::new(0) }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Subscriber>> {
        lock(&self.subscribers)
    }

    /// Makes sure that handlers for `signals` can be installed.
    #[track_caller]
    pub(super) fn prepare(&self, signals: &[Signal]) -> Wish {
        assert!(
            !signals.is_empty(),
            "no signals are given, so none could arrive; name the signals to wait for"
        );
        check_all(signals, "waited for");
        Wish { id: self.next_id.fetch_add(1, Relaxed), signals: set_of(signals) }
    }

    #[track_caller]
    pub(super) fn subscribe(&self, signals: &[Signal], sink: Sink) -> Subscription {
        let wish = self.prepare(signals);
        self.fulfil(wish, sink)
    }

    pub(super) fn fulfil(&self, wish: Wish, sink: Sink) -> Subscription {
        let source = (!matches!(sink, Sink::Dump)).then(Source::new);
        let mut subscribers = self.lock();
        let mut handlers = Handlers::lock();
        // A signal that arrives from here on is passed on after the lock is released, so the subscriber gets it.
        each(wish.signals).for_each(|signal| handlers.install(signal));
        drop(handlers);
        subscribers.push(Subscriber { id: wish.id, signals: wish.signals, sink, _source: source });
        arrival::publish(wanted(&subscribers));
        Subscription(wish.id)
    }

    /// Removes all subscribers of these signals, which are ignored from now on.
    #[track_caller]
    pub(super) fn ignore(&self, signals: &[Signal]) {
        assert!(!signals.is_empty(), "no signals are given; name the signals to ignore");
        check_all(signals, "ignored");
        let set = set_of(signals);
        let first = |handlers: &mut Handlers| each(set).for_each(|signal| handlers.ignore(signal));
        self.update(first, |subscriber| subscriber.without(set), |_| ()).act().finish();
    }

    /// Removes all subscribers of these signals, or of all signals if none are given, and restores what the signals did
    /// before.
    #[track_caller]
    pub(super) fn reset(&self, signals: &[Signal]) {
        check_all(signals, "reset");
        let set = if signals.is_empty() { u64::MAX } else { set_of(signals) };
        let last = |handlers: &mut Handlers| {
            each(set & handlers.ignored()).for_each(|signal| handlers.unignore(signal));
        };
        self.update(|_| (), |subscriber| subscriber.without(set), last).act().finish();
    }

    pub(super) fn unsubscribe_id(&self, id: u64) {
        self.remove(|subscriber| subscriber.id == id).finish();
    }

    pub(super) fn unsubscribe(&self, is_meant: impl Fn(&Sink) -> bool) {
        self.remove(|subscriber| is_meant(&subscriber.sink)).finish();
    }

    fn remove(&self, is_meant: impl Fn(&Subscriber) -> bool) -> Callbacks {
        let left = |subscriber: &Subscriber| if is_meant(subscriber) { 0 } else { subscriber.signals };
        self.update(|_| (), left, |_| ()).act()
    }

    /// Leaves each subscriber the signals that `left` returns, and removes subscribers without signals. `first` and
    /// `last` change handlers before and after that.
    fn update(
        &self,
        first: impl FnOnce(&mut Handlers),
        left: impl Fn(&Subscriber) -> u64,
        last: impl FnOnce(&mut Handlers),
    ) -> Outcome {
        let mut subscribers = self.lock();
        let mut handlers = Handlers::lock();
        first(&mut handlers);
        arrival::publish(subscribers.iter().map(&left).fold(0, |all, signals| all | signals));
        // Signals that have arrived until now still go to their previous subscribers.
        let mut outcome = distribute(&mut subscribers);
        subscribers.iter_mut().for_each(|subscriber| subscriber.signals = left(subscriber));
        outcome.gone.extend(subscribers.extract_if(.., |subscriber| subscriber.signals == 0));
        let wanted = wanted(&subscribers);
        arrival::publish(wanted);
        // A signal without a subscriber shows that other code has restored one of these handlers.
        let unwanted = (handlers.installed() | outcome.untaken) & !wanted;
        each(unwanted).for_each(|signal| handlers.uninstall(signal));
        last(&mut handlers);
        outcome
    }

    fn pass_on(&self, mut reader: UnixStream) -> ! {
        let mut bytes = [0; 64];
        loop {
            match reader.read(&mut bytes) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // Other code has closed the socket: signals are still passed on, but late.
                Ok(0) | Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
            // The panic hook has reported a panic; there is no caller to raise it in.
            drop(self.update(|_| (), |subscriber| subscriber.signals, |_| ()).act());
        }
    }
}

impl Subscriber {
    /// The signals that it keeps if the program gives up `set`, which does not affect the runtime's own.
    fn without(&self, set: u64) -> u64 {
        match self.sink {
            Sink::Dump => self.signals,
            Sink::Channel(_) | Sink::Context(_) => self.signals & !set,
        }
    }
}

/// What is left to do after the locks are released.
#[derive(Default)]
#[must_use = "receivers sleep until `act`"]
struct Outcome {
    /// Receivers that got a signal.
    received: Vec<Completed>,
    /// Contexts that a signal ends.
    ended: Vec<(Subscriber, c_int)>,
    gone: Vec<Subscriber>,
    /// Signals that no subscriber took.
    untaken: u64,
    /// Those of them that no other handler has seen.
    unseen: u64,
    dump: bool,
}

/// Passes on the signals that have arrived. Called under the lock, so that no signal is missed between its arrival and
/// its subscriber.
fn distribute(subscribers: &mut Vec<Subscriber>) -> Outcome {
    let mut outcome = Outcome::default();
    let arrived = arrival::take();
    for signal in each(arrived.all) {
        let (mut taken, mut dump) = (false, false);
        for subscriber in take(subscribers) {
            if subscriber.signals & bit(signal) == 0 {
                subscribers.push(subscriber);
                continue;
            }
            match &subscriber.sink {
                Sink::Channel(sender) => match sender.try_send_without_waking(Signal::from_number(signal)) {
                    Ok(receiver) => {
                        taken = true;
                        outcome.received.extend(receiver);
                    }
                    Err(TrySendError::Full(_)) => taken = true,
                    Err(TrySendError::Closed(_)) => {
                        outcome.gone.push(subscriber);
                        continue;
                    }
                },
                Sink::Context(_) => {
                    taken = true;
                    outcome.ended.push((subscriber, signal));
                    continue;
                }
                Sink::Dump => dump = true,
            }
            subscribers.push(subscriber);
        }
        if !taken {
            let unseen = arrived.alone & bit(signal);
            outcome.untaken |= bit(signal);
            if dump {
                // A handler of the program's own wins.
                outcome.dump |= unseen != 0;
            } else {
                outcome.unseen |= unseen;
            }
        }
    }
    outcome
}

impl Outcome {
    /// Runs all that may be the user's code; each piece, even if others panic.
    fn act(self) -> Callbacks {
        let mut callbacks = Callbacks::new();
        for receiver in self.received {
            callbacks.run(|| receiver.wake());
        }
        // Each counts as a source until its context has ended, so that no deadlock is found in between.
        for (subscriber, signal) in self.ended {
            callbacks.run(|| {
                if let Sink::Context(end) = &subscriber.sink {
                    end_by(end, Signal::from_number(signal));
                }
            });
            callbacks.run(|| drop(subscriber));
        }
        for subscriber in self.gone {
            if let Sink::Channel(sender) = &subscriber.sink
                && let Some(waiting) = sender.close_without_waking()
            {
                callbacks.run(|| waiting.wake_all());
            }
            callbacks.run(|| drop(subscriber));
        }
        each(self.unseen).for_each(arrival::send_again);
        if self.dump {
            callbacks.run(quit);
        }
        callbacks
    }
}

/// Handles a SIGQUIT that only the runtime subscribes to.
fn quit() {
    if settings::settings().dump_on_quit {
        // It ends the process, so a deadlock meanwhile is not reported.
        let _alive = Source::new();
        report::end_process(&format!("SIGQUIT: quit\n\n{}", Above::dump()));
    }
    let callbacks = Hub::get().remove(|subscriber| matches!(subscriber.sink, Sink::Dump));
    arrival::send_again(libc::SIGQUIT);
    callbacks.finish();
}

/// From now on SIGQUIT dumps all goroutines and ends the process, unless it has a subscriber or was ignored from the
/// start.
pub(crate) fn dump_on_quit() {
    if arrival::action(libc::SIGQUIT).is_some_and(|action| action.sa_sigaction == libc::SIG_DFL) {
        Hub::get().subscribe(&[Signal::QUIT], Sink::Dump).keep();
    }
}

fn wanted(subscribers: &[Subscriber]) -> u64 {
    subscribers.iter().fold(0, |all, subscriber| all | subscriber.signals)
}

fn set_of(signals: &[Signal]) -> u64 {
    signals.iter().fold(0, |set, signal| set | bit(signal.number()))
}

/// The signals of a set.
fn each(set: u64) -> impl Iterator<Item = c_int> {
    (1..=64).filter(move |&signal| set & bit(signal) != 0)
}

#[track_caller]
fn check_all(signals: &[Signal], what: &str) {
    for signal in signals {
        if let Err(reason) = check(signal.number()) {
            panic!("{signal:?} cannot be {what}: {reason}");
        }
    }
}
