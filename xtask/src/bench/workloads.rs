//! What is measured, and what gochan aims at. A new workload is an entry here and one in each program that
//! has it.

pub(super) struct Workload {
    pub(super) name: &'static str,
    /// One line for `--list`.
    pub(super) what: &'static str,
    pub(super) metrics: &'static [Metric],
}

/// A figure that a workload yields. Lower is better for all of them.
pub(super) struct Metric {
    /// As the programs print it.
    pub(super) key: &'static str,
    pub(super) unit: &'static str,
    pub(super) aim: Aim,
}

#[derive(Clone, Copy)]
pub(super) enum Aim {
    None,
    /// At most this times Go's figure, with one worker and with more.
    TimesGo(f64, f64),
    AtMost(f64),
    /// With two workers, this times as fast as with one.
    SpeedUp(f64),
}

impl Workload {
    /// What to call a figure in a table.
    pub(super) fn title(&self, metric: &Metric) -> String {
        if self.metrics.len() == 1 { self.name.to_owned() } else { format!("{} {}", self.name, metric.key) }
    }
}

pub(super) const fn ns(aim: Aim) -> Metric {
    Metric { key: "ns", unit: "ns", aim }
}

pub(super) const fn always(factor: f64) -> Aim {
    Aim::TimesGo(factor, factor)
}

const CPU_POOL: &[Metric] = &[Metric { key: "speedup_ns", unit: "ns/job", aim: Aim::SpeedUp(1.9) }];

const fn memory(bytes: Aim, time: Aim) -> [Metric; 4] {
    [
        Metric { key: "bytes_per", unit: "B", aim: bytes },
        Metric { key: "rss_per", unit: "B", aim: Aim::None },
        Metric { key: "spawn_ms", unit: "ms", aim: time },
        Metric { key: "release_ms", unit: "ms", aim: time },
    ]
}

const MEMORY: &[Metric] = &memory(Aim::None, Aim::None);
/// A page of stack, and page tables for it and for the guard.
const MEMORY_MILLION: &[Metric] = &memory(Aim::AtMost(4900.0), always(0.60));
const MEMORY_SMALL_STACKS: &[Metric] = &memory(Aim::AtMost(4700.0), Aim::None);

const TIMERS: &[Metric] = &[
    Metric { key: "over_ms", unit: "ms", aim: always(0.20) },
    Metric { key: "cpu_ms", unit: "ms", aim: always(0.45) },
    Metric { key: "late_us", unit: "µs", aim: Aim::AtMost(3000.0) },
];

/// The rows of the bench.
pub(super) const ROWS: &[Workload] = &[
    Workload {
        name: "spawn_all",
        what: "start 1,000,000 goroutines, then wait for all",
        metrics: &[ns(Aim::TimesGo(0.25, 0.90))],
    },
    Workload {
        name: "spawn_batch",
        what: "start and await 1,000,000 goroutines, 1000 at a time",
        metrics: &[ns(always(0.50))],
    },
    Workload { name: "yield", what: "two goroutines yield to each other", metrics: &[ns(always(0.30))] },
    Workload {
        name: "pingpong",
        what: "round trip of a token over two unbuffered channels",
        metrics: &[ns(always(0.33))],
    },
    Workload {
        name: "spsc128",
        what: "one sender, one receiver, capacity 128",
        metrics: &[ns(always(0.45))],
    },
    Workload { name: "spsc0", what: "one sender, one receiver, unbuffered", metrics: &[ns(always(0.33))] },
    Workload {
        name: "mpmc128",
        what: "four senders, four receivers, capacity 128",
        metrics: &[ns(always(0.40))],
    },
    Workload {
        name: "mpmc0",
        what: "four senders, four receivers, unbuffered",
        metrics: &[ns(always(0.33))],
    },
    Workload {
        name: "chan_uncont",
        what: "send to and receive from a buffer on one goroutine",
        metrics: &[ns(always(0.25))],
    },
    Workload {
        name: "pool8",
        what: "eight workers between unbuffered jobs and results, tiny jobs",
        metrics: &[ns(always(0.33))],
    },
    Workload {
        name: "sieve",
        what: "the first 1000 primes, one goroutine a prime",
        metrics: &[Metric { key: "ms", unit: "ms", aim: always(0.30) }],
    },
    Workload {
        name: "daisy",
        what: "10,000 values through a chain of 100 goroutines, a hop",
        metrics: &[ns(always(0.30))],
    },
    Workload {
        name: "select2_128",
        what: "a select over two channels of capacity 128 with a sender each",
        metrics: &[ns(always(0.45))],
    },
    Workload { name: "select2_0", what: "the same, unbuffered", metrics: &[ns(always(0.50))] },
    Workload {
        name: "select8_128",
        what: "a select over eight channels of capacity 128 with a sender each",
        metrics: &[ns(always(0.20))],
    },
    Workload { name: "select8_0", what: "the same, unbuffered", metrics: &[ns(always(0.55))] },
    Workload {
        name: "select_default",
        what: "a select that finds nothing ready and takes its default",
        metrics: &[ns(always(0.45))],
    },
    Workload { name: "mutex1", what: "one goroutine counts under a mutex", metrics: &[ns(always(1.0))] },
    Workload {
        name: "mutex8",
        what: "eight goroutines count under one mutex",
        metrics: &[ns(Aim::TimesGo(0.80, 0.40))],
    },
    Workload {
        name: "rw8",
        what: "eight goroutines share a value under a read-write lock, one write in a hundred",
        metrics: &[ns(always(1.0))],
    },
    Workload { name: "ctx_create", what: "derive a context and cancel it", metrics: &[ns(always(0.40))] },
    Workload { name: "ctx_err", what: "ask a live context for its error", metrics: &[ns(always(1.0))] },
    Workload {
        name: "ctx_value5",
        what: "look up the outermost of five nested values",
        metrics: &[ns(always(0.50))],
    },
    Workload {
        name: "ctx_cancel10k",
        what: "cancel a context that 10,000 goroutines select on, until the last has ended",
        metrics: &[Metric { key: "us", unit: "µs", aim: Aim::TimesGo(0.35, 0.60) }],
    },
    Workload {
        name: "timeafter",
        what: "a select over a ready channel and a fresh timeout",
        metrics: &[ns(always(0.30))],
    },
    Workload {
        name: "timestop",
        what: "the same with a timer that is stopped afterwards",
        metrics: &[ns(always(0.30))],
    },
    Workload {
        name: "timers100k",
        what: "100,000 goroutines sleep 1 to 100 ms: time beyond 100 ms, processor time, mean lateness",
        metrics: TIMERS,
    },
    Workload {
        name: "cpu_pool",
        what: "pool8 with jobs that keep a processor busy for 100 µs and more",
        metrics: CPU_POOL,
    },
    Workload {
        name: "cpu_pool_parked",
        what: "the same, the whole pool waiting before the first job",
        metrics: CPU_POOL,
    },
    Workload {
        name: "echo50",
        what: "round trip of 64 bytes over TCP, 50 connections at once, both ends in the program",
        metrics: &[ns(always(0.67))],
    },
    Workload { name: "echo1000", what: "the same with 1000 connections", metrics: &[ns(always(0.67))] },
    Workload {
        name: "net_pipe",
        what: "round trip of 64 bytes over a pipe in memory (`net::pipe`, `net.Pipe`)",
        metrics: &[ns(Aim::None)],
    },
    Workload {
        name: "mem10k",
        what: "10,000 goroutines wait on a channel that then closes",
        metrics: MEMORY,
    },
    Workload {
        name: "mem100k",
        what: "100,000 goroutines wait on a channel that then closes",
        metrics: MEMORY,
    },
    Workload {
        name: "mem1m",
        what: "1,000,000 goroutines wait on a channel that then closes",
        metrics: MEMORY_MILLION,
    },
    Workload {
        name: "mem1m_64k",
        what: "the same with stacks of 64 KiB (gochan only)",
        metrics: MEMORY_SMALL_STACKS,
    },
];

/// The rows, then the shapes.
pub(super) fn all() -> impl Iterator<Item = &'static Workload> {
    ROWS.iter().chain(super::shapes::ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, workload) in all().enumerate() {
            assert!(all().take(index).all(|other| other.name != workload.name), "{}", workload.name);
        }
    }
}
