//! Timers and timeouts.

use std::sync::Arc;
use std::time::Instant;

use gochan::prelude::*;
use gochan::time::sleep;

use crate::Workload;
use crate::measure::{Sleepers, pauses};

pub(crate) const WORKLOADS: &[Workload] = &[Workload { name: "timers100k", run: || timers(100_000) }];

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
            wg.done();
        });
    }
    wg.wait();
    sleepers.report();
}
