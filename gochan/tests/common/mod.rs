//! What the behaviour tests share: a watchdog, waiting for a goroutine to be parked, values that count
//! their drops, seeds, and child processes.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::cell::RefCell;
use std::env;
use std::io::Write;
use std::num::NonZero;
use std::process::abort;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Once, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use gochan::chan::{TryRecvError, TrySendError};
use gochan::runtime::{self, State};
use gochan::{Chan, JoinHandle};

pub(crate) mod chance;
pub(crate) mod exploration;
pub(crate) mod process;

/// Far above what any test needs, also under a sanitizer on a busy machine: only a hang gets here.
pub(crate) fn patience() -> Duration {
    let seconds = env::var("GOCHAN_TEST_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(180))
}

/// Short, for operations that are expected to time out.
pub(crate) const MOMENT: Duration = Duration::from_millis(5);

/// Ends the process when the test that holds it does not come to its end; dropping it calls the dog off.
pub(crate) struct Watchdog(mpsc::Sender<()>);

/// Call first: `let _watchdog = watchdog();`.
pub(crate) fn watchdog() -> Watchdog {
    let (owner, dog) = mpsc::channel();
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let guard = move || {
        if dog.recv_timeout(patience()) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Not `eprintln!`: what that prints is captured, and lost with the process.
            let _ = writeln!(std::io::stderr(), "\n{test}: no end after {:?}, giving up", patience());
            for goroutine in runtime::goroutines() {
                let _ = writeln!(std::io::stderr(), "{goroutine:?}");
            }
            abort();
        }
    };
    thread::Builder::new().name("watchdog".to_owned()).spawn(guard).expect("a thread can be started");
    Watchdog(owner)
}

/// Waits for what no channel can tell, such as that somebody else has begun to wait.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < patience(), "the awaited condition never came");
        // What is awaited may be for this worker to do.
        runtime::gosched();
        if start.elapsed() < Duration::from_millis(1) {
            thread::yield_now();
        } else {
            thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Returns once the goroutine is parked: its operation has queued up and found nothing to do. Also if it has ended,
/// since on a loaded machine a wait for a moment may be over before anybody has looked.
pub(crate) fn until_waiting<T>(goroutine: &JoinHandle<T>) {
    until(|| is_waiting(goroutine) || goroutine.is_finished());
}

/// Whether the goroutine is parked, or has been woken and not resumed since: after a wake, wait for what shows that it
/// has gone on.
pub(crate) fn is_waiting<T>(goroutine: &JoinHandle<T>) -> bool {
    runtime::goroutines()
        .iter()
        .any(|seen| seen.id == goroutine.id() && matches!(seen.state, State::Waiting(_)))
}

/// Runs `serve` on a thread, where no waiter of a channel is nearer than another: they are served strictly in the order
/// in which they came.
pub(crate) fn on_a_thread<T: Send>(serve: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(serve).join().unwrap())
}

/// Nobody waits at either end of this channel, which is unbuffered and open.
#[track_caller]
pub(crate) fn nobody_waits_at<T: Default>(ch: &Chan<T>) {
    assert!(matches!(ch.try_recv(), Err(TryRecvError::Empty)), "a sender waits");
    assert!(matches!(ch.try_send(T::default()), Err(TrySendError::Full(_))), "a receiver waits");
}

/// Whether every goroutine is a thread of its own in this run.
pub(crate) fn on_threads() -> bool {
    env::var("GOCHAN_BACKEND").is_ok_and(|backend| backend == "threads")
}

/// How many worker threads run goroutines in this run.
pub(crate) fn workers() -> usize {
    let set = env::var("GOCHAN_MAXPROCS").ok().and_then(|workers| workers.parse().ok());
    set.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get))
}

/// What a panicking goroutine or closure panicked with.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text")
}

/// Runs `f`, which must panic, and returns the message.
#[track_caller]
pub(crate) fn panic_of(f: impl FnOnce()) -> String {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
        Ok(()) => panic!("expected a panic"),
        Err(payload) => message(&*payload).to_owned(),
    }
}

thread_local! {
    static LAST_PANIC: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Runs `f`, which must panic, and returns the file and line that the panic is reported at.
#[track_caller]
pub(crate) fn place_of_panic(f: impl FnOnce()) -> (String, u32) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|place| (place.file().to_owned(), place.line()));
            LAST_PANIC.set(place);
            before(info);
        }));
    });
    panic_of(f);
    LAST_PANIC.take().expect("the hook has seen the panic")
}

/// Counts values made and dropped; a value dropped twice or never shows as a difference.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<(AtomicUsize, AtomicUsize)>);

impl Ledger {
    pub(crate) fn value(&self, number: u64) -> Tracked {
        self.0.0.fetch_add(1, Relaxed);
        Tracked { number, alive: Box::new(number), ledger: self.clone() }
    }

    pub(crate) fn made(&self) -> usize {
        self.0.0.load(SeqCst)
    }

    pub(crate) fn dropped(&self) -> usize {
        self.0.1.load(SeqCst)
    }

    /// All values made are gone, each once.
    #[track_caller]
    pub(crate) fn balances(&self) {
        assert_eq!(self.dropped(), self.made(), "dropped and made");
    }
}

/// A value of a [`Ledger`]. Owns memory, so that a sanitizer sees a double drop, too.
pub(crate) struct Tracked {
    pub(crate) number: u64,
    alive: Box<u64>,
    ledger: Ledger,
}

impl Drop for Tracked {
    fn drop(&mut self) {
        assert_eq!(*self.alive, self.number, "this value was dropped before");
        *self.alive = u64::MAX;
        self.ledger.0.1.fetch_add(1, SeqCst);
    }
}

impl std::fmt::Debug for Tracked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tracked({})", self.number)
    }
}

/// Memory without any synchronisation of its own: for showing that a channel operation orders the accesses.
/// A data race here is what ThreadSanitizer looks for; elsewhere a torn or stale value fails the test.
#[derive(Default)]
pub(crate) struct Plain(std::cell::UnsafeCell<u64>);

// SAFETY: the tests access it only where the row under test promises an order between the accesses.
unsafe impl Sync for Plain {}

impl Plain {
    pub(crate) fn get(&self) -> u64 {
        // SAFETY: no write is concurrent, see the `Sync` impl.
        unsafe { *self.0.get() }
    }

    pub(crate) fn set(&self, value: u64) {
        // SAFETY: no access is concurrent, see the `Sync` impl.
        unsafe { *self.0.get() = value }
    }
}

/// Random numbers that can be had again; printed when the test that holds it fails.
pub(crate) struct Seeded {
    pub(crate) seed: u64,
    random: fastrand::Rng,
}

/// From `GOCHAN_STRESS_SEED`, or new at each run.
pub(crate) fn seeded() -> Seeded {
    let seed =
        env::var("GOCHAN_STRESS_SEED").ok().map(|seed| seed.parse().expect("GOCHAN_STRESS_SEED is a number"));
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    Seeded { seed, random: fastrand::Rng::with_seed(seed) }
}

impl std::ops::Deref for Seeded {
    type Target = fastrand::Rng;
    fn deref(&self) -> &fastrand::Rng {
        &self.random
    }
}

impl std::ops::DerefMut for Seeded {
    fn deref_mut(&mut self) -> &mut fastrand::Rng {
        &mut self.random
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("to see this again: GOCHAN_STRESS_SEED={}", self.seed);
        }
    }
}
