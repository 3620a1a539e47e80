//! Contexts: making, asking, cancelling.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::time::sleep;

use crate::Workload;
use crate::measure::{calibrate, micros, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "ctx_create", run: || report("ns", calibrate(100_000, create)) },
    Workload { name: "ctx_err", run: || report("ns", calibrate(1_000_000, err)) },
    Workload { name: "ctx_value5", run: || report("ns", calibrate(1_000_000, value)) },
    Workload { name: "ctx_cancel10k", run: || report("us", micros(cancel(10_000))) },
];

/// Derives from a parent that can be cancelled, too, so that each child is linked and unlinked.
fn create(count: usize) -> Duration {
    let (parent, _cancel) = background().with_cancel();
    let start = Instant::now();
    for _ in 0..count {
        let (_child, cancel) = parent.with_cancel();
        cancel.cancel();
    }
    start.elapsed()
}

fn err(count: usize) -> Duration {
    let (ctx, _cancel) = background().with_cancel();
    let start = Instant::now();
    for _ in 0..count {
        black_box(black_box(&ctx).err());
    }
    start.elapsed()
}

struct Level<const N: usize>(usize);

/// Looks up the value that is farthest away.
fn value(count: usize) -> Duration {
    let ctx = background().with_value(Level::<0>(0)).with_value(Level::<1>(1));
    let ctx = ctx.with_value(Level::<2>(2)).with_value(Level::<3>(3)).with_value(Level::<4>(4));
    let start = Instant::now();
    for _ in 0..count {
        let found: Option<&Level<0>> = black_box(&ctx).value();
        black_box(found.map(|level| level.0));
    }
    start.elapsed()
}

/// Releases `count` goroutines that select on a context and on a channel where nothing comes.
fn cancel(count: usize) -> Duration {
    let (ctx, cancel) = background().with_cancel();
    let never = chan!(());
    let (started, ended) = (WaitGroup::new(), WaitGroup::new());
    started.add(count as isize);
    ended.add(count as isize);
    for _ in 0..count {
        go!([ctx, never, started, ended] {
            started.done();
            select! {
                <-ctx.done() => {}
                <-never => {}
            }
            ended.done();
        });
    }
    started.wait();
    sleep(Duration::from_millis(20));
    let start = Instant::now();
    cancel.cancel();
    ended.wait();
    start.elapsed()
}
