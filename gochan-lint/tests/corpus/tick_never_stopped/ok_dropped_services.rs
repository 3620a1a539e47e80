//! Helpers of a server that poll, report or retry for a while and return.

use gochan::prelude::*;
use gochan::time::{self, Ticker, tick};
use std::time::{Duration, Instant};

struct Probe { url: String, interval: Duration }

impl Probe {
    /// Returns once the service answers, or when the attempts are used up.
    fn wait_until_healthy(&self, attempts: u32) -> Result<(), String> {
        let ticks = tick(self.interval);
        for _ in 0..attempts {
            if ping(&self.url) { return Ok(()); }
            ticks.recv();
        }
        Err(format!("{} does not answer", self.url))
    }

    fn latency(&self, samples: usize) -> Vec<Duration> {
        let ticker = Ticker::new(self.interval);
        let mut found = Vec::with_capacity(samples);
        while found.len() < samples {
            recv!(ticker.channel());
            let start = Instant::now();
            ping(&self.url);
            found.push(start.elapsed());
        }
        found
    }
}

/// Prints how many lines were copied, every second, until the copy is done.
fn copy_with_progress(lines: &Receiver<String>, out: &mut Vec<String>) -> usize {
    let beat = time::tick(Duration::from_secs(1));
    loop {
        select! {
            Some(line) = <-lines else { return out.len() } => out.push(line),
            <-beat => println!("{} lines", out.len()),
        }
    }
}

/// Flushes what has come in so far, at most twice a second.
fn batch(input: Receiver<u64>, output: Sender<Vec<u64>>) {
    let flush = gochan::time::tick(Duration::from_millis(500));
    let mut pending = Vec::new();
    loop {
        select! {
            Some(n) = <-input else { break } => pending.push(n),
            <-flush => send!(output <- std::mem::take(&mut pending)),
        }
    }
    send!(output <- pending);
}

fn countdown(from: u32) {
    let seconds = tick(Duration::from_secs(1));
    for (left, _) in (1..=from).rev().zip(&seconds) {
        println!("{left} …");
    }
}

fn poll_file(path: &std::path::Path, limit: Duration) -> Option<String> {
    let (poll, deadline) = (tick(Duration::from_millis(50)), time::after(limit));
    loop {
        select! {
            <-poll => if let Ok(text) = std::fs::read_to_string(path) { return Some(text) },
            <-deadline => return None,
        }
    }
}
