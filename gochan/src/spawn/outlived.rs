//! Goroutines that outlive `main` for a moment.
//!
//! When main returns, its channels go away before the process exits. A goroutine whose send then fails should print
//! nothing after the program's last line; in Go it would wait for ever. So the goroutine waits while main runs without
//! waiting for anything, and for `EXIT` after main has returned. Not longer: a program may call the function of main and
//! go on after it.

use crate::base::status::Status;
use crate::sched::goroutine::Goroutine;
use crate::sched::here;
use crate::sched::park::{Parker, WaitReason};
use crate::sched::threads::{self, ThreadStatus};
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A main that runs for longer than this computes, and does not return.
const PATIENCE: Duration = Duration::from_millis(100);
/// A process whose main has returned exits within this time.
const EXIT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(1);

static MAIN: OnceLock<Main> = OnceLock::new();
static RETURNED: OnceLock<Instant> = OnceLock::new();

enum Main {
    Coroutine(&'static Status),
    Thread(Arc<ThreadStatus>),
}

impl Main {
    fn status(&self) -> &Status {
        match self {
            Main::Coroutine(status) => status,
            Main::Thread(status) => status,
        }
    }
}

/// The calling goroutine is main.
pub(super) fn main_begins() {
    let main = match Goroutine::current() {
        Some(goroutine) => Some(Main::Coroutine(goroutine.status())),
        None => threads::current().map(Main::Thread),
    };
    if let Some(main) = main {
        let _ = MAIN.set(main);
    }
}

/// The function of main has returned, and the process is about to exit.
pub(super) fn main_returns() {
    let _ = RETURNED.set(Instant::now());
}

/// Called before a send fails because its last receiver is gone. Waits for the exit of the process if main returns.
#[cold]
pub(crate) fn before_failing(place: &'static Location<'static>) {
    let Some(main) = MAIN.get().map(Main::status) else { return };
    if here::current_id().is_none_or(|id| main.look().is_some_and(|seen| seen.id == id))
        || std::thread::panicking()
    {
        return;
    }
    let patient_until = Instant::now() + PATIENCE;
    loop {
        let may_exit = match RETURNED.get() {
            Some(returned) => returned.elapsed() < EXIT,
            None => main.look().is_some_and(|seen| seen.wait.is_none()) && Instant::now() <= patient_until,
        };
        if !may_exit {
            return;
        }
        Parker::current().sleep_until(Instant::now() + PAUSE, WaitReason::Sleep, place);
    }
}
