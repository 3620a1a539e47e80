//! The same helpers, with tickers that are stopped, given to others, or last as long as the program.

use gochan::prelude::*;
use gochan::time::{self, Ticker, tick};
use std::time::Duration;

struct Probe { url: String, interval: Duration }

impl Probe {
    fn wait_until_healthy(&self, attempts: u32) -> Result<(), String> {
        let ticker = Ticker::new(self.interval);
        defer!(ticker.stop());
        for _ in 0..attempts {
            if ping(&self.url) { return Ok(()); }
            recv!(ticker.channel());
        }
        Err(format!("{} does not answer", self.url))
    }

    /// The caller has the ticks as long as it likes.
    fn ticks(&self) -> Receiver<std::time::Instant> {
        tick(self.interval)
    }

    fn stop_by_hand(&self) {
        let ticker = Ticker::new(self.interval);
        for _ in ticker.channel().iter().take(3) {
            ping(&self.url);
        }
        ticker.stop();
    }
}

/// Runs until the context ends.
fn janitor(ctx: &Context, every: Duration) {
    let beat = tick(every);
    loop {
        select! {
            <-beat => sweep(),
            <-ctx.done() => return,
        }
    }
}

/// Runs as long as the process.
fn heartbeat() -> ! {
    let beat = time::tick(Duration::from_secs(10));
    loop {
        recv!(beat);
        println!("alive");
    }
}

fn report_to(collector: &Collector) {
    collector.every(tick(Duration::from_secs(60)));
}

#[gochan::test]
fn three_ticks_come() {
    let ticks = tick(Duration::from_millis(1));
    for _ in 0..3 { recv!(ticks); }
}
