//! How every program of the bench measures and reports: shared by gochan's own program and by the Rust peers,
//! and mirrored in `go/measure.go`, so that all of them time the same thing in the same way.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A calibrated run must last this long before its figure counts.
const LONG_ENOUGH: Duration = Duration::from_millis(120);

/// What the next run is aimed at, somewhat above [`LONG_ENOUGH`] so that one more run usually suffices.
const AIM_NANOS: f64 = 170e6;

/// One job of the `cpu_pool` workloads: 100 µs and more on any processor of today.
pub const JOB_ROUNDS: u32 = 100_000;

/// How many jobs the `cpu_pool` workloads hand out.
pub const JOBS: u64 = 3_000;

/// Bytes of a round trip in the workloads with sockets.
pub const ECHOED: usize = 64;

/// Bytes that their readers have room for: as with most protocols, they do not know how much comes.
pub const ROOM: usize = 1024;

/// Lets the process have as many descriptors as it may: a connection takes two.
pub fn raise_descriptor_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a whole `rlimit`.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}

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

/// Microseconds.
pub fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
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

/// `count` durations of 1 to 100 ms, the same in every program.
pub fn pauses(count: usize) -> Vec<Duration> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_micros(1000 + state % 99_000)
    };
    std::iter::repeat_with(draw).take(count).collect()
}

/// How `timers100k` went, from just before the first of `count` sleepers is started.
pub struct Sleepers {
    count: usize,
    start: Instant,
    used: Duration,
    late: AtomicU64,
}

impl Sleepers {
    pub fn new(count: usize) -> Sleepers {
        Sleepers { count, start: Instant::now(), used: processor_time(), late: AtomicU64::new(0) }
    }

    /// A sleep of `length` that began at `asleep` has just ended.
    pub fn woke(&self, asleep: Instant, length: Duration) {
        self.late.fetch_add((asleep.elapsed() - length).as_nanos() as u64, Relaxed);
    }

    /// All have ended: the time beyond the longest sleep, what the processors worked, and how late a sleeper
    /// woke on average.
    pub fn report(&self) {
        report("over_ms", millis(self.start.elapsed()) - 100.0);
        report("cpu_ms", millis(processor_time() - self.used));
        let late = Duration::from_nanos(self.late.load(Relaxed));
        report("late_us", micros(late) / self.count as f64);
    }
}

/// What all threads of the process have used so far.
fn processor_time() -> Duration {
    // SAFETY: `rusage` is plain data, for which all zeroes is a value.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a whole `rusage` that is ours to write.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut used) } != 0 {
        return Duration::ZERO;
    }
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    time(used.ru_utime) + time(used.ru_stime)
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
