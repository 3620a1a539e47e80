//! From the kernel's call of the handler to those who have asked for the signal.
//!
//! The handler may do next to nothing: it sets a bit and writes a byte into a pipe. A thread reads the pipe and passes
//! on whatever bits it finds. Once installed, a handler stays; while nobody wants its signal, it does what the system
//! would have done without it.

use super::{Signal, end_by};
use crate::chan::{Sender, TrySendError};
use crate::context::EndSignal;
use crate::sched::outside::{OwnedThread, Source};
use crate::sched::{describe, report, settings};
use signal_hook::low_level::{emulate_default_handler, register};
use std::ffi::c_int;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Signals that have arrived and were not passed on yet: bit n is signal n + 1.
static ARRIVED: AtomicU64 = AtomicU64::new(0);
/// Signals that somebody has asked for.
static WANTED: AtomicU64 = AtomicU64::new(0);
/// Signals whose handler is ours alone: nothing but the system's default was there before.
static OURS: AtomicU64 = AtomicU64::new(0);
/// Signals that were ignored before their handler was put in place.
static IGNORED_BEFORE: AtomicU64 = AtomicU64::new(0);
/// Signals that the program has asked to be ignored.
static IGNORED: AtomicU64 = AtomicU64::new(0);
/// What has been put in the place of what, signal by signal.
static PLACES: Mutex<Places> = Mutex::new(Places { handled: 0, ignored: Vec::new() });

struct Places {
    handled: u64,
    /// What an ignored signal did before.
    ignored: Vec<(c_int, libc::sigaction)>,
}

impl Places {
    fn lock() -> MutexGuard<'static, Places> {
        PLACES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `signal` do what it did before it was ignored.
    fn restore(&mut self, signal: c_int) {
        let Some(index) = self.ignored.iter().position(|(ignored, _)| *ignored == signal) else { return };
        let (_, before) = self.ignored.swap_remove(index);
        // Unless somebody else has put a handler there meanwhile, who will want to keep it.
        if action(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN) {
            // SAFETY: the action was this signal's before, and is only read.
            unsafe { libc::sigaction(signal, &before, std::ptr::null_mut()) };
        }
        IGNORED.fetch_and(!bit(signal), SeqCst);
    }

    /// Ignores `signal`, as the programs do that this one starts: the system knows of it.
    fn ignore(&mut self, signal: c_int) {
        if self.ignored.iter().any(|(ignored, _)| *ignored == signal) {
            return;
        }
        // Before, as what has arrived already may be passed on any time.
        IGNORED.fetch_or(bit(signal), SeqCst);
        // SAFETY: all zero is an action, that of the default; no handler is involved, and both are locals.
        let before = unsafe {
            let mut ignoring: libc::sigaction = std::mem::zeroed();
            ignoring.sa_sigaction = libc::SIG_IGN;
            let mut before: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, &ignoring, &mut before);
            before
        };
        self.ignored.push((signal, before));
    }
}

fn bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}

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

/// A set of signals whose handlers are in place, and the number of who has asked for them.
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
    pipe: UnixStream,
    next_id: AtomicU64,
}

impl Hub {
    /// The hub and its thread, started by the first call.
    pub(super) fn get() -> &'static Hub {
        static HUB: OnceLock<Hub> = OnceLock::new();
        let mut reader = None;
        let hub = HUB.get_or_init(|| {
            let (read, write) = UnixStream::pair().expect("a pair of sockets for signals");
            write.set_nonblocking(true).expect("a socket that does not block");
            reader = Some(read);
            Hub { subscribers: Mutex::new(Vec::new()), pipe: write, next_id: AtomicU64::new(0) }
        });
        if let Some(reader) = reader {
            std::thread::Builder::new()
                .name("gochan-signals".to_owned())
                .stack_size(256 * 1024)
                .spawn(move || hub.pass_on(reader))
                .expect("a thread for signals");
        }
        hub
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Subscriber>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts handlers in place.
    #[track_caller]
    pub(super) fn prepare(&'static self, signals: &[Signal]) -> Wish {
        assert!(
            !signals.is_empty(),
            "no signals are given, and none would ever come; name those to wait for"
        );
        for signal in signals {
            let handled = check(signal.number()).and_then(|()| self.handle(signal.number()));
            if let Err(reason) = handled {
                panic!("{signal:?} cannot be waited for: {reason}");
            }
        }
        Wish { id: self.next_id.fetch_add(1, Relaxed), signals: set_of(signals) }
    }

    /// Makes sure that the handler for `signal` is in place.
    fn handle(&'static self, signal: c_int) -> Result<(), String> {
        let mut places = Places::lock();
        places.restore(signal);
        if places.handled & bit(signal) == 0 {
            match action(signal).map(|action| action.sa_sigaction) {
                Some(libc::SIG_DFL) => OURS.fetch_or(bit(signal), SeqCst),
                Some(libc::SIG_IGN) => IGNORED_BEFORE.fetch_or(bit(signal), SeqCst),
                _ => 0,
            };
            let pipe = self.pipe.as_raw_fd();
            // SAFETY: the action only uses atomics and calls what signal handlers may.
            unsafe { register(signal, move || arrive(signal, pipe)) }.map_err(|error| error.to_string())?;
            places.handled |= bit(signal);
        }
        Ok(())
    }

    /// From now on nobody wants these signals, and they do nothing.
    #[track_caller]
    pub(super) fn ignore(&self, signals: &[Signal]) {
        assert!(!signals.is_empty(), "no signals are given; name those to ignore");
        check_all(signals, "ignored");
        let mut places = Places::lock();
        signals.iter().for_each(|signal| places.ignore(signal.number()));
        drop(places);
        self.strip(set_of(signals));
    }

    /// From now on nobody wants these signals, or any if there are none given, and they do what they did before.
    #[track_caller]
    pub(super) fn reset(&self, signals: &[Signal]) {
        check_all(signals, "reset");
        let set = if signals.is_empty() { u64::MAX } else { set_of(signals) };
        self.strip(set);
        let mut places = Places::lock();
        (1..=64).filter(|&signal| set & bit(signal) != 0).for_each(|signal| places.restore(signal));
    }

    #[track_caller]
    pub(super) fn subscribe(&'static self, signals: &[Signal], sink: Sink) -> Subscription {
        let wish = self.prepare(signals);
        self.fulfil(wish, sink)
    }

    pub(super) fn fulfil(&self, wish: Wish, sink: Sink) -> Subscription {
        let source = (!matches!(sink, Sink::Dump)).then(Source::new);
        let mut subscribers = self.lock();
        subscribers.push(Subscriber { id: wish.id, signals: wish.signals, sink, _source: source });
        publish(subscribers.iter().map(|subscriber| subscriber.signals));
        Subscription(wish.id)
    }

    pub(super) fn unsubscribe_id(&self, id: u64) {
        self.remove(|subscriber| subscriber.id == id);
    }

    pub(super) fn unsubscribe(&self, is_meant: impl Fn(&Sink) -> bool) {
        self.remove(|subscriber| is_meant(&subscriber.sink));
    }

    fn remove(&self, is_meant: impl Fn(&Subscriber) -> bool) {
        self.change(|subscriber| if is_meant(subscriber) { 0 } else { subscriber.signals });
    }

    /// Nobody wants these signals any more but the runtime itself.
    fn strip(&self, signals: u64) {
        self.change(|subscriber| match subscriber.sink {
            Sink::Dump => subscriber.signals,
            Sink::Channel(_) | Sink::Context(_) => subscriber.signals & !signals,
        });
    }

    /// Gives all subscribers the signals that `left` says; who is left with none has gone.
    fn change(&self, left: impl Fn(&Subscriber) -> u64) {
        let mut subscribers = self.lock();
        publish(subscribers.iter().map(&left));
        // What has arrived until now still goes to those who wanted it then.
        let outcome = distribute(&mut subscribers);
        subscribers.iter_mut().for_each(|subscriber| subscriber.signals = left(subscriber));
        let (stay, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *subscribers).into_iter().partition(|subscriber| subscriber.signals != 0);
        *subscribers = stay;
        publish(subscribers.iter().map(|subscriber| subscriber.signals));
        drop(subscribers);
        outcome.finish();
        // Outside of the lock: a channel that closes wakes its receivers.
        drop(gone);
    }

    fn pass_on(&self, mut reader: UnixStream) {
        let _owned = OwnedThread::new();
        let mut bytes = [0; 64];
        loop {
            match reader.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            }
            let mut subscribers = self.lock();
            let outcome = distribute(&mut subscribers);
            publish(subscribers.iter().map(|subscriber| subscriber.signals));
            drop(subscribers);
            outcome.finish();
        }
    }
}

/// What is left to do for signals that have been taken off the list of those that have arrived, without the lock.
#[derive(Default)]
struct Outcome {
    ended: Vec<(Subscriber, c_int)>,
    closed: Vec<Subscriber>,
    unwanted: Vec<c_int>,
    dump: bool,
}

/// Passes on what has arrived. Called under the lock, so that nobody finds a signal gone that has not come to where it
/// is wanted.
fn distribute(subscribers: &mut Vec<Subscriber>) -> Outcome {
    let mut outcome = Outcome::default();
    let arrived = ARRIVED.swap(0, SeqCst);
    for signal in (1..=64).filter(|&signal| arrived & bit(signal) != 0) {
        let (mut taken, mut dump) = (false, false);
        for subscriber in std::mem::take(subscribers) {
            if subscriber.signals & bit(signal) == 0 {
                subscribers.push(subscriber);
                continue;
            }
            match &subscriber.sink {
                Sink::Channel(sender) => match sender.try_send(Signal::from_number(signal)) {
                    Ok(()) | Err(TrySendError::Full(_)) => taken = true,
                    Err(TrySendError::Closed(_)) => {
                        outcome.closed.push(subscriber);
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
        if !taken && dump {
            outcome.dump = true;
        } else if !taken {
            outcome.unwanted.push(signal);
        }
    }
    outcome
}

impl Outcome {
    fn finish(self) {
        // Each is a source until its context has ended: no look in between may find that nobody could wake anybody.
        for (subscriber, signal) in self.ended {
            if let Sink::Context(end) = &subscriber.sink {
                end_by(end, Signal::from_number(signal));
            }
        }
        drop(self.closed);
        let mut unwanted = self.unwanted;
        if self.dump {
            if settings::settings().dump_on_quit {
                report::end_process(&format!("SIGQUIT: quit\n\n{}", describe::dump()));
            }
            unwanted.push(libc::SIGQUIT);
        }
        // Whoever had asked is gone: as if nobody ever had.
        unwanted.into_iter().for_each(do_default);
    }
}

/// Makes known which signals are wanted; called under the lock.
fn publish(signals: impl Iterator<Item = u64>) {
    WANTED.store(signals.fold(0, |all, signals| all | signals), SeqCst);
}

/// The handler's part. Async-signal-safe.
fn arrive(signal: c_int, pipe: c_int) {
    if WANTED.load(SeqCst) & bit(signal) != 0 {
        ARRIVED.fetch_or(bit(signal), SeqCst);
        // SAFETY: the socket is never closed. If it is full, the thread is about to look anyway.
        unsafe { libc::write(pipe, [0_u8].as_ptr().cast(), 1) };
    } else {
        do_default(signal);
    }
}

/// What the system does for a signal that nobody has asked for or ignores. Async-signal-safe.
fn do_default(signal: c_int) {
    if OURS.load(SeqCst) & !IGNORED.load(SeqCst) & bit(signal) == 0 {
        return;
    }
    // What is not in the list of `signal-hook` ends the process, and SIGIO, which is, does so on Linux.
    let listed = signal != libc::SIGIO || cfg!(not(target_os = "linux"));
    if listed && emulate_default_handler(signal).is_ok() {
        return;
    }
    // SAFETY: the calls are async-signal-safe and their arguments locals; all zero is an action and a set.
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, &default, std::ptr::null_mut());
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &set, std::ptr::null_mut());
        libc::raise(signal);
    }
}

fn set_of(signals: &[Signal]) -> u64 {
    signals.iter().fold(0, |set, signal| set | bit(signal.number()))
}

/// Says why a program cannot change what `signal` does.
fn check(signal: c_int) -> Result<(), String> {
    if !(1..=64).contains(&signal) {
        return Err("there is no such signal".to_owned());
    }
    if signal_hook::consts::FORBIDDEN.contains(&signal) {
        return Err("no program can go on after it, or catch it".to_owned());
    }
    Ok(())
}

#[track_caller]
fn check_all(signals: &[Signal], what: &str) {
    for signal in signals {
        if let Err(reason) = check(signal.number()) {
            panic!("{signal:?} cannot be {what}: {reason}");
        }
    }
}

/// True if the signal does nothing and nobody asks for it.
pub(super) fn is_ignored(signal: c_int) -> bool {
    let places = Places::lock();
    let ignored = action(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN);
    drop(places);
    ignored
        || (check(signal).is_ok() && IGNORED_BEFORE.load(SeqCst) & !WANTED.load(SeqCst) & bit(signal) != 0)
}

/// What the system has been told to do with `signal`, if there is one.
fn action(signal: c_int) -> Option<libc::sigaction> {
    // SAFETY: asks only, and writes to a local; all zero is an action.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, std::ptr::null(), &mut action) == 0).then_some(action)
    }
}

/// From now on SIGQUIT prints what all goroutines do and ends the process, unless somebody asks for it or it was
/// ignored from the start.
pub(crate) fn dump_on_quit() {
    if action(libc::SIGQUIT).is_some_and(|action| action.sa_sigaction == libc::SIG_DFL) {
        Hub::get().subscribe(&[Signal::QUIT], Sink::Dump).keep();
    }
}
