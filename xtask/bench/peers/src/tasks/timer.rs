//! Timers of tasks.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::channel::CancelSafe;
use super::{Runtime, WaitGroup, calibrate};
use crate::measure::{Sleepers, pauses};

pub(super) async fn run<R: Runtime>(workload: &str) -> bool {
    match workload {
        "timers100k" => timers::<R>(100_000).await,
        _ => return false,
    }
    true
}

pub(super) async fn run_select<R: Runtime, C: CancelSafe>(workload: &str) -> bool {
    match workload {
        "timeafter" => calibrate(100_000, time_after::<R, C>).await,
        _ => return false,
    }
    true
}

/// Gives each receive a timeout that never comes. The timeout is asked first, or it would not even be set.
async fn time_after<R: Runtime, C: CancelSafe>(count: usize) -> Duration {
    let (tx, mut values) = C::bounded::<u64>(1);
    let start = Instant::now();
    for _ in 0..count {
        C::send(&tx, 1).await;
        tokio::select! {
            biased;
            () = R::sleep(Duration::from_secs(1)) => {}
            value = C::recv(&mut values) => { black_box(value); }
        }
    }
    start.elapsed()
}

async fn timers<R: Runtime>(count: usize) {
    let lengths = pauses(count);
    let group = WaitGroup::new(count);
    let sleepers = Arc::new(Sleepers::new(count));
    for length in lengths {
        let (group, sleepers) = (group.clone(), sleepers.clone());
        R::spawn(async move {
            let asleep = Instant::now();
            R::sleep(length).await;
            sleepers.woke(asleep, length);
            group.done();
        });
    }
    group.wait().await;
    sleepers.report();
}
