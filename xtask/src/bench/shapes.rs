//! The shapes of programs that `--shapes` measures: families of the ways in which goroutines meet. Nothing is tuned
//! for one of them, so that a member that is not listed fares alike.

use super::workloads::{Metric, Workload, always, ns};

/// On no shape slower than Go.
const NO_SLOWER: &[Metric] = &[ns(always(1.0))];

const fn shape(name: &'static str, what: &'static str) -> Workload {
    Workload { name, what, metrics: NO_SLOWER }
}

pub(super) const ALL: &[Workload] = &[
    shape("fanin3_0", "three senders to one receiver, unbuffered"),
    shape("fanin10_0", "ten senders to one receiver, unbuffered"),
    shape("fanin64_0", "64 senders to one receiver, unbuffered"),
    shape("fanin10_64", "ten senders to one receiver, capacity 64"),
    shape("fanin_threads4", "four OS threads send to one goroutine, capacity 64"),
    shape("fanout10_0", "one sender to ten receivers, unbuffered"),
    shape("fanout10_64", "one sender to ten receivers, capacity 64"),
    shape("request1_1", "a request and its reply: one client, one server"),
    shape("request10_1", "the same: ten clients, one server"),
    shape("request16_4", "the same: 16 clients, four servers"),
    shape("stages8_0", "a pipeline of eight stages, unbuffered, a hop"),
    shape("stages8_16", "the same, capacity 16"),
    shape("ring1000", "a token round a ring of 1,000 goroutines, a hop"),
    shape("ring100k", "the same, 100,000 goroutines"),
    shape("tree18", "a goroutine for each node of a binary tree of 2^18 leaves, a leaf"),
    shape("select_pool8", "eight workers that select on jobs, results and the end of a context"),
    shape("skewed8", "eight workers, one job in a hundred is long"),
    shape("shards16_hot2", "four clients of 16 shards, two of which get nine requests of ten"),
    shape("timers_beside", "pingpong beside a thousand sleepers and a ticker"),
    shape("rounds8", "eight goroutines a round, awaited by a WaitGroup"),
    shape("broadcast100", "a hundred goroutines a round, set free by a close"),
    shape("rw2", "100 goroutines at a read-write lock, one write in two"),
    shape("rw10", "the same, one write in ten"),
    shape("rw100", "the same, one write in a hundred"),
    shape("rw1000", "the same, one write in a thousand"),
    shape("semaphore4", "sixteen goroutines share four tokens of a channel"),
    shape("cond_queue", "a bounded queue of a mutex and two conditions, two producers, two consumers"),
];
