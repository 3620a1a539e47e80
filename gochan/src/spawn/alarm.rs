//! Setting [alarms](crate::sched::alarms): in which heap, and the thread that fires them where there are no workers.

use super::start;
use crate::base::actors::OwnedThread;
use crate::base::clock::Moment;
use crate::base::placement::Placement;
use crate::base::settings::{Backend, settings};
use crate::base::sleeper::Sleeper;
use crate::base::touch::Touch;
use crate::base::{fork, report};
use crate::points;
use crate::sched::alarms::{Alarm, Alarms};
use crate::sched::worker::Worker;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Runs `f` once, on a goroutine of its own, at `deadline` or shortly after, and never before.
///
/// From a goroutine this takes no lock that is likely to be contended, and one allocation.
///
/// # Panics
/// In a forked child of a process that runs goroutines.
#[track_caller]
pub(crate) fn set<F: FnOnce() + Send + 'static>(deadline: Instant, f: F) -> Alarm {
    arm(Moment::of(deadline), f)
}

/// As [`set`], for the time `after` from now, which may be too far off ever to come.
#[track_caller]
pub(crate) fn set_after<F: FnOnce() + Send + 'static>(after: Duration, f: F) -> Alarm {
    arm(Moment::now() + after, f)
}

#[track_caller]
fn arm<F: FnOnce() + Send + 'static>(deadline: Moment, f: F) -> Alarm {
    fork::refuse_after_fork();
    if points::are_due() {
        points::touch(Touch::deadline(deadline.to_bits()));
    }
    let (alarms, sleeper) = match Worker::current() {
        Some(worker) => (&*worker.alarms, None),
        None => somewhere(),
    };
    alarms.set(deadline, sleeper, f)
}

/// The alarms that a plain thread sets, and the sleeper to wake for them.
fn somewhere() -> (&'static Alarms, Option<&'static Sleeper>) {
    if settings().backend == Backend::Threads {
        let service = Service::get();
        return (&service.alarms, Some(&service.sleeper));
    }
    let worker = start::home_of_this_thread();
    (&worker.alarms, Some(worker.sleeper()))
}

/// True if the process has no alarm service, or that sleeps and no deadline will wake it.
pub(crate) fn service_rests() -> bool {
    SERVICE
        .get()
        .is_none_or(|service| service.sleeper.is_asleep() && service.alarms.first_seqcst() == Moment::NEVER)
}

/// The number of alarms of the service.
pub(crate) fn count_of_service() -> usize {
    SERVICE.get().map_or(0, |service| service.alarms.len())
}

static SERVICE: OnceLock<Service> = OnceLock::new();

/// Fires the alarms of `Backend::Threads`, on a thread of its own that the first alarm starts.
struct Service {
    alarms: Alarms,
    sleeper: Sleeper,
}

impl Service {
    fn get() -> &'static Service {
        let mut new = false;
        let service = SERVICE.get_or_init(|| {
            new = true;
            Service { alarms: Alarms::new(), sleeper: Sleeper::new() }
        });
        if new {
            std::thread::Builder::new()
                .name("gochan-alarms".to_owned())
                .stack_size(128 * 1024)
                .spawn(|| service.run())
                .unwrap_or_else(|error| report::fatal(&format!("cannot start the alarm thread: {error}")));
        }
        service
    }

    fn run(&self) -> ! {
        let _owned = OwnedThread::new();
        self.sleeper.adopt_thread();
        loop {
            // Starting a thread may fail, which panics; the other alarms still have to fire.
            let _ = catch_unwind(AssertUnwindSafe(|| self.alarms.fire(Moment::now(), Placement::Auto)));
            self.sleeper.lie_down();
            match self.alarms.first_seqcst() {
                Moment::NEVER => std::thread::park(),
                first => std::thread::park_timeout(first.since(Moment::now())),
            }
            self.sleeper.get_up();
        }
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests;
