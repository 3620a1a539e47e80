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
            if let Err(reason) = self.handle(signal.number()) {
                panic!("{signal:?} cannot be waited for: {reason}");
            }
        }
        let signals = signals.iter().fold(0, |set, signal| set | bit(signal.number()));
        Wish { id: self.next_id.fetch_add(1, Relaxed), signals }
    }

    /// Makes sure that the handler for `signal` is in place.
    fn handle(&'static self, signal: c_int) -> Result<(), String> {
        static HANDLED: Mutex<u64> = Mutex::new(0);
        if !(1..=64).contains(&signal) {
            return Err("there is no such signal".to_owned());
        }
        if signal_hook::consts::FORBIDDEN.contains(&signal) {
            return Err("no program can go on after it, or catch it".to_owned());
        }
        let mut handled = HANDLED.lock().unwrap_or_else(PoisonError::into_inner);
        if *handled & bit(signal) == 0 {
            if has_default_action(signal) {
                OURS.fetch_or(bit(signal), SeqCst);
            }
            let pipe = self.pipe.as_raw_fd();
            // SAFETY: the action only uses atomics and calls what signal handlers may.
            unsafe { register(signal, move || arrive(signal, pipe)) }.map_err(|error| error.to_string())?;
            *handled |= bit(signal);
        }
        Ok(())
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
        want(&subscribers);
        Subscription(wish.id)
    }

    pub(super) fn unsubscribe_id(&self, id: u64) {
        self.remove(|subscriber| subscriber.id == id);
    }

    pub(super) fn unsubscribe(&self, is_meant: impl Fn(&Sink) -> bool) {
        self.remove(|subscriber| is_meant(&subscriber.sink));
    }

    fn remove(&self, is_meant: impl Fn(&Subscriber) -> bool) {
        let mut subscribers = self.lock();
        let (gone, stay) = std::mem::take(&mut *subscribers).into_iter().partition(is_meant);
        *subscribers = stay;
        want(&subscribers);
        drop(subscribers);
        // Outside of the lock: a channel that closes wakes its receivers.
        let gone: Vec<Subscriber> = gone;
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
            let arrived = ARRIVED.swap(0, SeqCst);
            for signal in (1..=64).filter(|&signal| arrived & bit(signal) != 0) {
                self.deliver(signal);
            }
        }
    }

    fn deliver(&self, signal: c_int) {
        let mut dump = false;
        let mut taken = false;
        let mut subscribers = self.lock();
        let (stay, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *subscribers).into_iter().partition(|subscriber| {
                if subscriber.signals & bit(signal) == 0 {
                    return true;
                }
                match &subscriber.sink {
                    Sink::Channel(sender) => match sender.try_send(Signal::from_number(signal)) {
                        Ok(()) | Err(TrySendError::Full(_)) => taken = true,
                        Err(TrySendError::Closed(_)) => return false,
                    },
                    Sink::Context(_) => {
                        taken = true;
                        return false;
                    }
                    Sink::Dump => dump = true,
                }
                true
            });
        *subscribers = stay;
        want(&subscribers);
        drop(subscribers);
        // Each is a source until its context has ended: no look in between may find that nobody could wake anybody.
        for subscriber in gone {
            if let Sink::Context(end) = &subscriber.sink {
                end_by(end, Signal::from_number(signal));
            }
        }
        if taken {
            return;
        }
        if dump && settings::settings().dump_on_quit {
            report::end_process(&format!("SIGQUIT: quit\n\n{}", describe::dump()));
        }
        // Whoever had asked is gone: as if nobody ever had.
        if OURS.load(SeqCst) & bit(signal) != 0 {
            let _ = emulate_default_handler(signal);
        }
    }
}

/// Publishes what is wanted; called under the lock.
fn want(subscribers: &[Subscriber]) {
    WANTED.store(subscribers.iter().fold(0, |set, subscriber| set | subscriber.signals), SeqCst);
}

/// The handler's part. Async-signal-safe.
fn arrive(signal: c_int, pipe: c_int) {
    if WANTED.load(SeqCst) & bit(signal) != 0 {
        ARRIVED.fetch_or(bit(signal), SeqCst);
        // SAFETY: the socket is never closed. If it is full, the thread is about to look anyway.
        unsafe { libc::write(pipe, [0_u8].as_ptr().cast(), 1) };
    } else if OURS.load(SeqCst) & bit(signal) != 0 {
        let _ = emulate_default_handler(signal);
    }
}

fn has_default_action(signal: c_int) -> bool {
    // SAFETY: asks only, and writes to a local.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_DFL
    }
}

/// From now on SIGQUIT prints what all goroutines do and ends the process, unless somebody asks for it or it was
/// ignored from the start.
pub(crate) fn dump_on_quit() {
    if has_default_action(libc::SIGQUIT) {
        Hub::get().subscribe(&[Signal::QUIT], Sink::Dump).keep();
    }
}
