//! From the arrival of a signal to its subscribers.
//!
//! A thread waits until a handler has noted a signal, and passes it on. Under the lock of the hub only the state
//! changes: values go into channels, subscribers off the list, handlers come and go. Code of the user runs afterwards,
//! outside of every lock: the wakers of receivers, and what the end of a context or of a channel starts. So it may use
//! this module, and each piece of it runs even if another panics; see [`Outcome::act`].

use super::arrival::{self, bit};
use super::handlers::{Handlers, check};
use super::{Signal, end_by};
use crate::callback::Callbacks;
use crate::chan::waiter::Completed;
use crate::chan::{Sender, TrySendError};
use crate::context::EndSignal;
use crate::sched::outside::{OwnedThread, Source};
use crate::sched::{describe, report, settings};
use std::ffi::c_int;
use std::io::{ErrorKind, Read};
use std::mem::take;
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Where a signal goes.
pub(super) enum Sink {
    Channel(Sender<Signal>),
    /// Once.
    Context(EndSignal),
    /// Prints what all goroutines do and ends the process, if nobody else wants the signal.
    Dump,
}

struct Subscriber {
    id: u64,
    signals: u64,
    sink: Sink,
    /// Who waits for a signal may be woken at any time.
    _source: Option<Source>,
}

/// A set of signals that can be caught, and the number of the subscriber that asks for them.
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

/// Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Subscription(u64);

impl Subscription {
    /// Lets it go on.
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
            // The last that can fail, so that a hub never lacks its thread.
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
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that handlers for `signals` can be installed.
    #[track_caller]
    pub(super) fn prepare(&self, signals: &[Signal]) -> Wish {
        assert!(
            !signals.is_empty(),
            "no signals are given, and none would ever come; name those to wait for"
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
        // What arrives from here on is passed on after the lock is free, so the subscriber gets it.
        each(wish.signals).for_each(|signal| handlers.install(signal));
        drop(handlers);
        subscribers.push(Subscriber { id: wish.id, signals: wish.signals, sink, _source: source });
        arrival::publish(wanted(&subscribers));
        Subscription(wish.id)
    }

    /// Removes all subscribers of these signals, which do nothing from now on.
    #[track_caller]
    pub(super) fn ignore(&self, signals: &[Signal]) {
        assert!(!signals.is_empty(), "no signals are given; name those to ignore");
        check_all(signals, "ignored");
        let set = set_of(signals);
        let first = |handlers: &mut Handlers| each(set).for_each(|signal| handlers.ignore(signal));
        self.update(first, |subscriber| subscriber.without(set), |_| ()).act().finish();
    }

    /// Removes all subscribers of these signals, or of all if there are none given, and lets the signals do what they
    /// did before.
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

    /// Gives all subscribers the signals that `left` says, and removes those that are left with none. `first` and `last`
    /// change handlers before and after.
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
        // What has arrived until now still goes to those who wanted it then.
        let mut outcome = distribute(&mut subscribers);
        subscribers.iter_mut().for_each(|subscriber| subscriber.signals = left(subscriber));
        outcome.gone.extend(subscribers.extract_if(.., |subscriber| subscriber.signals == 0));
        let wanted = wanted(&subscribers);
        arrival::publish(wanted);
        // A signal that has arrived without a subscriber shows that other code has restored a handler of ours.
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
                // Other code has closed our descriptors, all it found: signals are still passed on, if late.
                Ok(0) | Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
            // The panic hook has reported a panic; there is no caller to raise it to.
            drop(self.update(|_| (), |subscriber| subscriber.signals, |_| ()).act());
        }
    }
}

impl Subscriber {
    /// The signals it keeps if the program gives up `set`, which does not concern the runtime itself.
    fn without(&self, set: u64) -> u64 {
        match self.sink {
            Sink::Dump => self.signals,
            Sink::Channel(_) | Sink::Context(_) => self.signals & !set,
        }
    }
}

/// What is left to do once the locks are free.
#[derive(Default)]
#[must_use = "receivers sleep until `act`"]
struct Outcome {
    /// Receivers that have a signal.
    received: Vec<Completed>,
    /// Contexts that a signal ends.
    ended: Vec<(Subscriber, c_int)>,
    gone: Vec<Subscriber>,
    /// Signals that no subscriber has taken.
    untaken: u64,
    /// Those of them that no other handler has seen either.
    unseen: u64,
    dump: bool,
}

/// Passes on what has arrived. Called under the lock, so that nobody finds a signal gone that has not come to where it
/// is wanted.
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
    /// Runs what may be code of the user; each piece, whether or not others panic.
    fn act(self) -> Callbacks {
        let mut callbacks = Callbacks::new();
        for receiver in self.received {
            callbacks.run(|| receiver.wake());
        }
        // Each is a source until its context has ended: no look in between may find that nobody could wake anybody.
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

/// SIGQUIT is for the runtime itself.
fn quit() {
    if settings::settings().dump_on_quit {
        // It ends the process, whoever may wait for what meanwhile.
        let _alive = Source::new();
        report::end_process(&format!("SIGQUIT: quit\n\n{}", describe::dump()));
    }
    let callbacks = Hub::get().remove(|subscriber| matches!(subscriber.sink, Sink::Dump));
    arrival::send_again(libc::SIGQUIT);
    callbacks.finish();
}

/// From now on SIGQUIT prints what all goroutines do and ends the process, unless somebody asks for it or it was
/// ignored from the start.
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
