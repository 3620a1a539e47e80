//! Selects of tasks: `tokio::select!` polls the arms in turn from a random one and abandons those that lose,
//! so it needs channels that bear this.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::channel::CancelSafe;
use super::{Runtime, calibrate};

pub(super) async fn run<R: Runtime, C: CancelSafe>(workload: &str) -> bool {
    match workload {
        "select2_128" => calibrate(20_000, |n| select2::<R, C>(n, 128)).await,
        "select2_0" => calibrate(20_000, |n| select2::<R, C>(n, 0)).await,
        "select8_128" => calibrate(20_000, |n| select8::<R, C>(n, 128)).await,
        "select8_0" => calibrate(20_000, |n| select8::<R, C>(n, 0)).await,
        _ => return false,
    }
    true
}

/// A task that sends `count` values and keeps the channel open: a closed one would always be ready.
fn produce<R: Runtime, C: CancelSafe>(tx: C::Tx<u64>, count: usize) {
    R::spawn(async move {
        for i in 0..count as u64 {
            C::send(&tx, i).await;
        }
        std::future::pending::<()>().await;
        drop(tx);
    });
}

async fn select2<R: Runtime, C: CancelSafe>(count: usize, capacity: usize) -> Duration {
    let (a, mut a_values) = C::bounded::<u64>(capacity);
    let (b, mut b_values) = C::bounded::<u64>(capacity);
    let each = count / 2 + 1;
    let start = Instant::now();
    produce::<R, C>(a, each);
    produce::<R, C>(b, each);
    let mut sum = 0u64;
    for _ in 0..2 * each {
        let value = tokio::select! {
            value = C::recv(&mut a_values) => value,
            value = C::recv(&mut b_values) => value,
        };
        sum = sum.wrapping_add(value.expect("the producer lives"));
    }
    black_box(sum);
    start.elapsed()
}

async fn select8<R: Runtime, C: CancelSafe>(count: usize, capacity: usize) -> Duration {
    let (senders, mut receivers): (Vec<_>, Vec<_>) = (0..8).map(|_| C::bounded::<u64>(capacity)).unzip();
    let [a, b, c, d, e, f, g, h] = &mut receivers[..] else { unreachable!("eight were made") };
    let each = count / 8 + 1;
    let start = Instant::now();
    for tx in senders {
        produce::<R, C>(tx, each);
    }
    let mut sum = 0u64;
    for _ in 0..8 * each {
        let value = tokio::select! {
            value = C::recv(a) => value,
            value = C::recv(b) => value,
            value = C::recv(c) => value,
            value = C::recv(d) => value,
            value = C::recv(e) => value,
            value = C::recv(f) => value,
            value = C::recv(g) => value,
            value = C::recv(h) => value,
        };
        sum = sum.wrapping_add(value.expect("the producer lives"));
    }
    black_box(sum);
    start.elapsed()
}
