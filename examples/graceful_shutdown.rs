//! Shutting down in order: Ctrl-C, or a polite `kill`, stops new work; what has begun is finished.
//!
//! ```text
//! $ cargo run --bin graceful_shutdown
//! working until Ctrl-C
//! interrupt signal received: finishing what has begun
//! 4 workers have left, no order was lost
//! ```
//!
//! The signal cancels a context, once. Whoever takes orders watches that context; whoever works on them does not, and
//! goes home when there are no more. A second Ctrl-C would end the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use gochan::prelude::*;
use gochan::signal::{Signal, notify_context};
use gochan::time::{sleep, tick};

const WORKERS: u64 = 4;

/// Takes an order every millisecond until `ctx` ends, and says how many there were.
fn take_orders(ctx: &Context, orders: &Sender<u64>) -> u64 {
    let bell = tick(Duration::from_millis(1));
    for number in 0.. {
        select! {
            <-ctx.done() => return number,
            <-bell => send!(orders <- number),
        }
    }
    unreachable!("nobody lives to see that many orders")
}

#[gochan::main]
fn main() {
    let (ctx, _stop) = notify_context(&background(), &[Signal::INTERRUPT, Signal::TERMINATE]);
    let orders = chan!(u64);
    let (kitchen, served) = (WaitGroup::new(), Arc::new(AtomicU64::new(0)));
    for _ in 0..WORKERS {
        kitchen.go({
            let (orders, served) = (orders.receiver(), served.clone());
            move || {
                for _ in &orders {
                    sleep(Duration::from_millis(5));
                    served.fetch_add(1, Relaxed);
                }
            }
        });
    }

    println!("working until Ctrl-C");
    let taken = take_orders(&ctx, &orders.sender());
    println!("{}: finishing what has begun", ctx.cause().expect("it has ended"));
    close!(orders);
    kitchen.wait();
    let lost = if taken == served.load(Relaxed) { "no order was lost" } else { "orders were lost" };
    println!("{WORKERS} workers have left, {lost}");
}
