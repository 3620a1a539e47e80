//! What makes a run fail: a broken invariant, a panic that nobody provoked, a round that does not end.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use gochan::runtime;

use crate::values::Payload;

/// Without any operation for this long the round hangs. A dump, which is an operation too, may wait for its names for ten
/// seconds; under AddressSanitizer on a busy machine it does.
const PATIENCE: Duration = Duration::from_secs(40);
/// A round takes less than this, however many operations it does.
const LONGEST_ROUND: Duration = Duration::from_secs(120);

/// What the runtime panics with when it is used as the fuzzer uses it on purpose.
const EXPECTED: [&str; 6] = [
    "send on closed channel",
    "SendFuture polled after completion",
    "WaitAsync polled after completion",
    "`async fn` resumed after",
    "the arm is not the one that was chosen",
    "sync: the function panicked for its first caller",
];

static SEED: AtomicU64 = AtomicU64::new(0);
static STEPS: AtomicU64 = AtomicU64::new(0);
static ROUNDS: AtomicU64 = AtomicU64::new(0);
static FAILED: AtomicBool = AtomicBool::new(false);

/// Something was done: the round does not hang.
pub(crate) fn step() {
    STEPS.fetch_add(1, Relaxed);
}

pub(crate) fn round_begins(seed: u64) {
    SEED.store(seed, Relaxed);
    ROUNDS.fetch_add(1, Relaxed);
}

/// Reports what is broken, and ends the process.
#[track_caller]
pub(crate) fn fail(what: &str) -> ! {
    let place = std::panic::Location::caller();
    if FAILED.swap(true, Relaxed) {
        // Another thread reports, and ends the process.
        loop {
            thread::park();
        }
    }
    let seed = SEED.load(Relaxed);
    let _ = writeln!(std::io::stderr(), "\nseed {seed}: {what}\n    checked at {place}");
    let _ = writeln!(std::io::stderr(), "{}", std::backtrace::Backtrace::force_capture());
    process::abort();
}

/// Fails unless it holds.
#[track_caller]
pub(crate) fn check(holds: bool, what: &str) {
    if !holds {
        fail(what);
    }
}

/// Runs what may panic on purpose; `None` if it has.
pub(crate) fn attempt<T>(f: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => Some(value),
        Err(payload) => {
            discard(payload);
            None
        }
    }
}

/// Drops the payload of a panic, whose destructor may panic with another one.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    let mut next = Some(payload);
    while let Some(payload) = next {
        next = catch_unwind(AssertUnwindSafe(|| drop(payload))).err();
    }
}

/// Lets provoked panics pass in silence, and makes every other one fail.
pub(crate) fn watch_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().is::<Payload>() {
            return;
        }
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text =
            text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text");
        if !EXPECTED.iter().any(|expected| text.contains(expected)) {
            report(info);
            fail("nobody has provoked this panic");
        }
    }));
}

/// Starts the thread that finds out when a round hangs.
pub(crate) fn watch_progress() {
    let watch = || {
        let (mut seen, mut round) = ((u64::MAX, Instant::now()), (u64::MAX, Instant::now()));
        loop {
            thread::sleep(Duration::from_millis(250));
            for (counter, last) in [(&STEPS, &mut seen), (&ROUNDS, &mut round)] {
                let now = counter.load(Relaxed);
                if now != last.0 {
                    *last = (now, Instant::now());
                }
            }
            if seen.1.elapsed() > PATIENCE || round.1.elapsed() > LONGEST_ROUND {
                hangs();
            }
        }
    };
    thread::Builder::new().name("watchdog".to_owned()).spawn(watch).expect("a thread can be started");
}

fn hangs() -> ! {
    let seed = SEED.load(Relaxed);
    let _ = writeln!(std::io::stderr(), "\nseed {seed} hangs");
    // The dump takes locks of the runtime, which may be what hangs.
    thread::spawn(|| writeln!(std::io::stderr(), "{}", runtime::dump()));
    thread::sleep(Duration::from_secs(15));
    process::exit(3);
}
