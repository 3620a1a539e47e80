//! Something every so often, beside other work: progress, heartbeats, polling.
//!
//! ```text
//! $ cargo run --bin ticker
//! tick 1
//! tick 2
//! tick 3, from now on twice as fast
//! tick 4
//! tick 5
//! none of them came early
//! 10 that nobody listened to were not kept for later
//! ```
//!
//! A ticker does not wait for slow listeners: it drops ticks, and keeps its rhythm. Here it does not
//! even ring. Its channel knows when the next tick is due, so a ticker that nobody listens to costs
//! nothing, and one that goes out of scope needs no `stop`.

use std::time::Duration;

use gochan::prelude::*;
use gochan::time::{self, Ticker};

const PERIOD: Duration = Duration::from_millis(20);

/// Counts as fast as somebody receives.
fn count(numbers: Sender<u64>) {
    for number in 1.. {
        if numbers.send(number).is_err() {
            return;
        }
    }
}

#[gochan::main]
fn main() {
    let (tx, numbers) = chan!(u64).split();
    go!(count(tx));

    let mut period = PERIOD;
    let mut due = time::now() + period;
    let ticker = Ticker::new(period);
    let (mut ticks, mut early) = (0, false);
    while ticks < 5 {
        select! {
            // The work goes on between the ticks.
            Some(number) = <-numbers => assert!(number > 0),
            Some(at) = <-ticker.channel() => {
                ticks += 1;
                early |= at < due;
                due += period;
                if ticks == 3 {
                    println!("tick {ticks}, from now on twice as fast");
                    period /= 2;
                    due = time::now() + period;
                    ticker.reset(period);
                } else {
                    println!("tick {ticks}");
                }
            }
        }
    }
    println!("{}", if early { "one came early" } else { "none of them came early" });

    time::sleep(10 * period);
    let kept = ticker.channel().try_iter().count();
    println!("10 that nobody listened to were {}", if kept < 10 { "not kept for later" } else { "kept" });
}
