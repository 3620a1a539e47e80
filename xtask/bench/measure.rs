//! How every program of the bench measures and reports: shared by gochan's own program and by the Rust peers,
//! and mirrored in `go/measure.go`, so that all of them time the same thing in the same way.

use std::hint::black_box;
use std::time::Duration;

/// A calibrated run must last this long before its figure counts.
const LONG_ENOUGH: Duration = Duration::from_millis(120);

/// What the next run is aimed at, somewhat above [`LONG_ENOUGH`] so that one more run usually suffices.
const AIM_NANOS: f64 = 170e6;

/// One job of the `cpu_pool` workloads: 100 µs and more on any processor of today.
pub const JOB_ROUNDS: u32 = 100_000;

/// How many jobs the `cpu_pool` workloads hand out.
pub const JOBS: u64 = 3_000;

/// How often to repeat the operation in the next run, or `None` when the run that took `took` was long
/// enough.
pub fn next_count(count: usize, took: Duration) -> Option<usize> {
    if took >= LONG_ENOUGH {
        return None;
    }
    let growth = (AIM_NANOS / took.as_nanos().max(1) as f64).clamp(1.5, 50.0);
    Some((count as f64 * growth) as usize + 1)
}

/// Runs `run` with ever larger counts until one run is long enough; nanoseconds per operation of that run.
pub fn calibrate(mut count: usize, mut run: impl FnMut(usize) -> Duration) -> f64 {
    loop {
        let took = run(count);
        match next_count(count, took) {
            Some(more) => count = more,
            None => return nanos_each(took, count),
        }
    }
}

/// Nanoseconds per operation.
pub fn nanos_each(took: Duration, count: usize) -> f64 {
    took.as_nanos() as f64 / count as f64
}

/// Milliseconds.
pub fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// Prints one figure the way the driver reads it.
pub fn report(key: &str, value: f64) {
    println!("R {key} {value:.4}");
}

/// A fixed amount of work that no compiler can shorten: every round needs the one before it.
pub fn job(seed: u64) -> u64 {
    let mut x = black_box(seed) | 1;
    for _ in 0..JOB_ROUNDS {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

/// What the process occupies, in KiB.
#[derive(Clone, Copy)]
pub struct Memory {
    resident: f64,
    page_tables: f64,
}

impl Memory {
    /// Reads the figures of this process. Zero where the system does not tell.
    pub fn now() -> Memory {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
        };
        Memory { resident: field("VmRSS:"), page_tables: field("VmPTE:") }
    }

    /// Reports what `count` parked goroutines have added since `before`: all of it, and the resident part.
    pub fn report_since(self, before: Memory, count: usize) {
        let resident = (self.resident - before.resident) * 1024.0 / count as f64;
        let page_tables = (self.page_tables - before.page_tables) * 1024.0 / count as f64;
        report("bytes_per", resident + page_tables);
        report("rss_per", resident);
    }
}
