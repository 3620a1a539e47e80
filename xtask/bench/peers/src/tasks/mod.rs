//! Async peers: every workload once, generic over the runtime and the channel.

pub mod channel;
mod context;
pub mod echo;
mod lock;
mod select;
mod shapes;
mod timer;
mod workloads;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::measure::{nanos_each, next_count, report};
use channel::{CancelSafe, Channel, Shared};

/// The part of an async runtime that the workloads use.
pub trait Runtime: Send + Sync + 'static {
    fn spawn(task: impl Future<Output = ()> + Send + 'static);
    fn yield_now() -> impl Future<Output = ()> + Send;
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send;
}

/// A counter and one notification, the cheapest wait group that tasks can have.
#[derive(Clone)]
pub struct WaitGroup(Arc<(AtomicUsize, Notify)>);

impl WaitGroup {
    pub fn new(count: usize) -> WaitGroup {
        WaitGroup(Arc::new((AtomicUsize::new(count), Notify::new())))
    }

    pub fn done(&self) {
        if self.0.0.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.1.notify_one();
        }
    }

    pub async fn wait(&self) {
        while self.0.0.load(Ordering::Acquire) != 0 {
            self.0.1.notified().await;
        }
    }
}

/// Runs a workload that needs no more than one receiver a channel; false when there is none of this name.
pub async fn run<R: Runtime, C: Channel>(workload: &str) -> bool {
    workloads::run::<R, C>(workload).await
        || context::run::<R, C>(workload).await
        || shapes::run::<R, C>(workload).await
        || timer::run::<R>(workload).await
        || lock::run::<R>(workload).await
}

/// Runs a workload that selects over channels; false when there is none of this name.
pub async fn run_select<R: Runtime, C: CancelSafe>(workload: &str) -> bool {
    select::run::<R, C>(workload).await || timer::run_select::<R, C>(workload).await
}

/// Runs any workload; false when there is none of this name.
pub async fn run_shared<R: Runtime, C: Shared>(workload: &str) -> bool {
    workloads::run_shared::<R, C>(workload).await
        || shapes::run_shared::<R, C>(workload).await
        || run::<R, C>(workload).await
}

/// Reports the calibrated time of an async operation.
async fn calibrate<F: Future<Output = Duration> + Send>(mut count: usize, run: impl Fn(usize) -> F + Send) {
    loop {
        let took = run(count).await;
        match next_count(count, took) {
            Some(more) => count = more,
            None => return report("ns", nanos_each(took, count)),
        }
    }
}

/// Parks `count` tasks made by `task`, reports what they cost, and lets them go by dropping `release`. A task
/// counts itself as started, waits, and is done; it comes in one piece, as a wrapper would make it larger.
pub async fn mem<R: Runtime, T, F>(
    count: usize,
    release: T,
    task: impl Fn(&T, Arc<AtomicUsize>, WaitGroup) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    use crate::measure::{Memory, millis};
    let before = Memory::now();
    let started = Arc::new(AtomicUsize::new(0));
    let group = WaitGroup::new(count);
    let start = std::time::Instant::now();
    for _ in 0..count {
        R::spawn(task(&release, started.clone(), group.clone()));
    }
    while started.load(Ordering::Relaxed) != count {
        R::yield_now().await;
    }
    let spawned = start.elapsed();
    std::thread::sleep(Duration::from_millis(50));
    Memory::now().report_since(before, count);
    let start = std::time::Instant::now();
    drop(release);
    group.wait().await;
    report("spawn_ms", millis(spawned));
    report("release_ms", millis(start.elapsed()));
}
