//! Timers and timeouts.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::time::{Timer, after, sleep};

use crate::Workload;
use crate::measure::{Sleepers, calibrate, pauses, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "timeafter", run: || report("ns", calibrate(100_000, time_after)) },
    Workload { name: "timestop", run: || report("ns", calibrate(100_000, time_stop)) },
    Workload { name: "timers100k", run: || timers(100_000) },
];

const NEVER_REACHED: Duration = Duration::from_secs(1);

/// Gives each receive a timeout that never comes.
fn time_after(count: usize) -> Duration {
    let values = chan!(u64, 1);
    let start = Instant::now();
    for _ in 0..count {
        send!(values <- 1);
        select! {
            value = <-values => {
                black_box(value);
            }
            <-after(NEVER_REACHED) => {}
        }
    }
    start.elapsed()
}

fn time_stop(count: usize) -> Duration {
    let values = chan!(u64, 1);
    let start = Instant::now();
    for _ in 0..count {
        send!(values <- 1);
        let timer = Timer::new(NEVER_REACHED);
        select! {
            value = <-values => {
                black_box(value);
            }
            <-timer.channel() => {}
        }
        timer.stop();
    }
    start.elapsed()
}

fn timers(count: usize) {
    let lengths = pauses(count);
    let wg = WaitGroup::new();
    wg.add(count as isize);
    let sleepers = Arc::new(Sleepers::new(count));
    for length in lengths {
        go!([wg, sleepers] {
            let asleep = Instant::now();
            sleep(length);
            sleepers.woke(asleep, length);
            // gochan-lint: allow(done_not_deferred) as in the programs it is compared with
            wg.done();
        });
    }
    wg.wait();
    sleepers.report();
}
