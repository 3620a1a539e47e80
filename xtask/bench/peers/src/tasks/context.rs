//! Cancelling with `tokio_util`'s token, which works in any runtime.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::channel::Channel;
use super::{Runtime, WaitGroup};
use crate::measure::{calibrate, micros, report};

pub(super) async fn run<R: Runtime, C: Channel>(workload: &str) -> bool {
    match workload {
        "ctx_create" => report("ns", calibrate(100_000, create)),
        "ctx_err" => report("ns", calibrate(1_000_000, is_cancelled)),
        "ctx_cancel10k" => report("us", micros(cancel::<R, C>(10_000).await)),
        _ => return false,
    }
    true
}

fn create(count: usize) -> Duration {
    let parent = CancellationToken::new();
    let start = Instant::now();
    for _ in 0..count {
        let child = parent.child_token();
        child.cancel();
        black_box(&child);
    }
    start.elapsed()
}

fn is_cancelled(count: usize) -> Duration {
    let token = CancellationToken::new();
    let start = Instant::now();
    for _ in 0..count {
        black_box(black_box(&token).is_cancelled());
    }
    start.elapsed()
}

/// Releases `count` tasks that select on a token and on a channel where nothing comes. Each has a channel of
/// its own, as some channels have only one receiver.
async fn cancel<R: Runtime, C: Channel>(count: usize) -> Duration {
    let token = CancellationToken::new();
    let (started, ended) = (WaitGroup::new(count), WaitGroup::new(count));
    let mut senders = Vec::with_capacity(count);
    for _ in 0..count {
        let (tx, mut never) = C::bounded::<u64>(1);
        senders.push(tx);
        let (token, started, ended) = (token.clone(), started.clone(), ended.clone());
        R::spawn(async move {
            started.done();
            tokio::select! {
                () = token.cancelled() => {}
                _ = C::recv(&mut never) => {}
            }
            ended.done();
        });
    }
    started.wait().await;
    R::sleep(Duration::from_millis(20)).await;
    let start = Instant::now();
    token.cancel();
    ended.wait().await;
    start.elapsed()
}
