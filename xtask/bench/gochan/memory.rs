//! What a parked goroutine costs, and how long it takes to park and to release many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gochan::Builder;
use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::time::sleep;

use crate::Workload;
use crate::measure::{Memory, millis, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "mem10k", run: || park(10_000, None) },
    Workload { name: "mem100k", run: || park(100_000, None) },
    Workload { name: "mem1m", run: || park(1_000_000, None) },
    Workload { name: "mem1m_64k", run: || park(1_000_000, Some(64 << 10)) },
];

/// Parks `count` goroutines on one channel, reports what they cost, and releases them by closing it.
fn park(count: usize, stack_size: Option<usize>) {
    let before = Memory::now();
    let release = chan!(());
    let wg = WaitGroup::new();
    let started = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    wg.add(count as isize);
    for _ in 0..count {
        match stack_size {
            None => {
                go!([release, wg, started] wait(release, wg, started));
            }
            Some(bytes) => {
                let (release, wg, started) = (release.clone(), wg.clone(), started.clone());
                Builder::new().stack_size(bytes).spawn(move || wait(release, wg, started));
            }
        }
    }
    while started.load(Relaxed) != count {
        gosched();
    }
    let spawned = start.elapsed();
    sleep(Duration::from_millis(50));
    Memory::now().report_since(before, count);
    let start = Instant::now();
    close!(release);
    wg.wait();
    report("spawn_ms", millis(spawned));
    report("release_ms", millis(start.elapsed()));
}

fn wait(release: Chan<()>, wg: WaitGroup, started: Arc<AtomicUsize>) {
    defer!(wg.done());
    started.fetch_add(1, Relaxed);
    recv!(release);
}
