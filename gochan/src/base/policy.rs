//! The numbers that the scheduler's policies work with, in one place. How the policies interact is in `sched/README.md`.
//!
//! Each constant names the measurement that chose it, where one is recorded in `benchmarks/lab-book.md` or in the message
//! of the commit that introduced it. *Not measured on its own* means that no figure is recorded: a reader who changes the
//! number has to measure both values.

use std::time::Duration;

// Placement: the worker on which a goroutine starts (`base/placement.rs`).

/// The spawn sites that a parent keeps apart; the least recently used one is forgotten. Not measured on its own.
pub(crate) const SITES: usize = 3;

/// Up to this many ready goroutines of the parent's worker are assumed to be about to end, and do not make the next ones of
/// their site a pool. The rule: 2,600 → 56 ns for two senders and a select, two workers; the number was not measured on its
/// own.
pub(crate) const ABOUT_TO_END: usize = 4;

/// The longest run of goroutines of one site that start on one worker. Not measured on its own.
pub(crate) const LONGEST_RUN: u16 = 64;

/// The factor by which runs grow once each worker has had one of a length. Not measured on its own.
pub(crate) const RUN_GROWTH: u16 = 5;

// What is not started yet (`base/fresh_queue.rs`).

/// Up to this many goroutines that one turn has spawned are a family: they start before what is in the line, the newest
/// first. A tree of goroutines with four children each, 65,536 leaves, one worker: 57 ms with 2, 14.5 ms with 4 and with 8
/// (Go 57); trees with two children do not differ.
pub(crate) const FAMILY: usize = 4;

/// A place in the source that has spawned more in one turn puts so many into the line at once, before families are looked
/// for again. Without it, rounds of eight goroutines take 7 % longer.
pub(crate) const LARGE_FAMILIES: u32 = 256;

/// The oldest of all families starts at the latest after this time, counted from the last that did.
pub(crate) const OLDEST_AFTER: Duration = Duration::from_millis(1);

// Stealing and idleness: a worker with nothing to run (`sched/worker/idle.rs`).

/// An idle worker looks for work for this long before it sleeps, while another worker is awake. A wake was seen to cost
/// about 20 µs (lab book, `sieve` and `daisy`); the number was not measured on its own.
pub(crate) const SPIN: Duration = Duration::from_micros(25);

/// The same, while looking around has been rewarded: long enough for a worker that has been woken to get up and answer.
/// Were the waker to sleep meanwhile, the other would have to wake it in turn, and two that talk would go on like that:
/// ten clients of one server, two workers: 930 → 155 ns.
pub(crate) const SPIN_IF_REWARDED: Duration = Duration::from_micros(75);
/// Looking around that was in vain costs so many rewarded times. On a busy machine the thread of the other worker may not
/// have a processor, and this one had better leave it its own: with four more threads that compute, fan-in of ten takes
/// 3.5 µs a value, and ten times as long if workers look around in vain.
pub(crate) const VAIN_COSTS: u32 = 4;
/// The most rewarded times that are remembered.
pub(crate) const MOST_REWARDS: u32 = 64;
/// A worker whose looking around was in vain tries it again once in so many times.
pub(crate) const TRY_AGAIN: u32 = 32;
/// A processor that comes back later was used by a thread that had no work from here.
pub(crate) const AWAY: Duration = Duration::from_micros(200);
/// For how long it is not offered again then: at first and at most. Four workers on two processors: ten clients of one
/// server 3 to 5 µs -> 0.7 µs, rounds of eight 6 -> 3 µs; beside four threads that compute, without this limit, 20 µs -> 800.
pub(crate) const SHORTEST_REFUSAL: Duration = Duration::from_millis(20);
pub(crate) const LONGEST_REFUSAL: Duration = Duration::from_secs(2);
/// Pauses of the processor before each look of a plain thread that waits. Such threads look around for as long as idle
/// workers do. Four OS threads that send to one goroutine: 860 → 190 ns a value with two workers (Go 280), 770 → 230 with
/// one (Go 390), and beside four threads that compute 670 → 350; ping-pong on the threads backend: 15 µs → 0.74 µs. The
/// number was not measured on its own.
pub(crate) const THREAD_PAUSES: u32 = 4;
/// Looks at the own inboxes between two looks at the clock and at the other workers. Not measured on its own.
pub(crate) const SPIN_LOOKS: u32 = 16;

/// A fresh goroutine may be stolen after it has been seen waiting on another worker for this long. Not measured on its own.
pub(crate) const STEAL_AFTER: Duration = Duration::from_micros(40);

/// Up to this many waiting goroutines are stolen one at a time, because they may be a pool that has just been spread. Not
/// measured on its own.
pub(crate) const FEW: usize = 8;

/// From this many waiting goroutines on, a thief does not wait for [`STEAL_AFTER`]. Not measured on its own.
pub(crate) const RUSH: usize = 4096;

/// At most this many are stolen at once: the victim is likely to disturb a longer theft. Not measured on its own.
pub(crate) const LOOT: usize = 256;

/// A worker with a backlog wakes a sleeping one at most once in this time. Not measured on its own.
pub(crate) const WAKE_INTERVAL: Duration = Duration::from_micros(100);

/// After this much of a sleep a worker is dormant, unless a goroutine of its own waits for a deadline. Not measured on its
/// own.
pub(crate) const NAP: Duration = Duration::from_millis(10);

// Lingering: a goroutine that is about to park, on a worker with nothing else to run (`sched/worker/ready.rs`).

/// Looks at what the goroutine waits for. Few, because each look takes the cache line away from the other worker. Lingering
/// as a whole, two workers: 105 → 35 ns a value for one sender and one receiver, 52 → 17 ns for two senders and one
/// receiver; neither number was measured on its own.
#[cfg(not(gochan_model))]
pub(crate) const LINGER_LOOKS: u32 = 8;

/// Pauses of the processor before each of these looks. See [`LINGER_LOOKS`].
#[cfg(not(gochan_model))]
pub(crate) const LINGER_PAUSES: u32 = 96;

// Pace: short or long turns (`base/pace.rs`).

/// Short turns between two looks at the clock. Not measured on its own.
pub(crate) const PACE_WINDOW: u32 = 16;

/// Turns are long while their average is above this, in microseconds. While they are short, waiters of the own worker are
/// served first, which makes `pool8` with two workers faster than Go's (lab book); the number was not measured on its own.
pub(crate) const LONG_AVERAGE_US: u64 = 10;

/// A goroutine whose last turn took longer is queued behind the others, in microseconds. Not measured on its own.
pub(crate) const LONG_RUNNING_US: u64 = 20;

/// The turns of other goroutines in a row after which one whose last turn was long is due. Not measured on its own.
pub(crate) const TURNS_BEFORE_LONG_RUNNING: u32 = 16;

/// Windows of short turns in a row that are traced, before those that are only counted: see [`COUNTED_WINDOWS`].
pub(crate) const TRACED_WINDOWS: u32 = 64;

/// Windows of short turns that are only counted. With both numbers, tracing costs 3 to 4 % of `pingpong` instead of 22 %.
pub(crate) const COUNTED_WINDOWS: u32 = 2048;

// Turns (`sched/worker/turns.rs`, `sched/worker/ready.rs`).

/// Operations that might have waited that a goroutine completes in one turn before it must let others run. Not measured on
/// its own.
pub(crate) const BUDGET: u32 = 512;

/// In one of this many turns the loop looks at deadlines, errands and fresh goroutines even if goroutines are ready. A power
/// of two. Not measured on its own.
pub(crate) const HOUSEKEEPING: u32 = 64;

/// This many ready goroutines do not stay in the caches from one turn to the next, and are prefetched in bursts. With
/// [`BURST`], [`SOON`] and more in the same change, release of `mem1m`: one worker 861 → 466 ms, two 936 → 391 ms; not
/// measured on its own.
pub(crate) const CROWD: usize = 128;

/// Goroutines whose pages are asked for together. See [`CROWD`].
pub(crate) const BURST: usize = 16;

/// Turns ahead of its own at which all that a goroutine will touch is asked for. See [`CROWD`].
pub(crate) const SOON: usize = 4;

/// While turns are long, a worker with sources looks for events after this time, else in housekeeping turns. Not measured
/// on its own.
pub(crate) const POLL_AFTER: Duration = Duration::from_micros(100);

/// A worker runs errands for this long before it looks for ready goroutines. Not measured on its own.
pub(crate) const ERRANDS: Duration = Duration::from_micros(200);

/// Goroutine ids that a worker reserves at once. Not measured on its own.
pub(crate) const IDS: u64 = 1024;

// Stacks that a worker keeps (`base/stack_cache.rs`).

/// The most free stacks that a worker keeps to itself. Not measured on its own.
pub(crate) const STACKS_KEPT: usize = 256;

/// Stacks that go to or come from the pool at once. The pool makes as many in one system call: 846 → 480 ns a guard,
/// 3,000 → 1,400 ns a first page, measured without the rest of the runtime.
pub(crate) const STACKS_AT_ONCE: usize = 64;

/// Stacks that a worker fetches before its first goroutine. Not measured on its own.
pub(crate) const FIRST_STACKS: usize = 8;

// The monitor (`diag/monitor.rs`).

/// Between two looks while an idle worker could take what waits on another, now or soon. Not measured on its own.
pub(crate) const ALERT: Duration = Duration::from_millis(1);

/// Between two looks while no worker is idle. Not measured on its own.
pub(crate) const CALM: Duration = Duration::from_millis(10);

/// The monitor fires an alarm if its worker has not done so for this long. Not measured on its own.
pub(crate) const OVERDUE: Duration = Duration::from_millis(1);

/// A longer turn ends at the next operation that polling loops are made of, so that others of the worker run. Go's value;
/// not measured on its own.
pub(crate) const LONG_TURN: Duration = Duration::from_millis(10);

/// In a longer turn, operations that never wait are taken for a loop that polls, which is reported. Not measured on its own.
pub(crate) const STANDS_STILL: Duration = Duration::from_secs(1);

/// A process at rest returns free stack memory that has been neither used nor added to for this long. Before there was such
/// a time, returning stacks between the wakes of many sleepers took a fifth of the processor time of `timers100k`; the
/// number was not measured on its own.
pub(crate) const TRIM_AFTER: Duration = Duration::from_millis(100);

/// As [`TRIM_AFTER`], for a process that is not at rest. Not measured on its own.
pub(crate) const TRIM_AFTER_BUSY: Duration = Duration::from_secs(1);

/// Looks in a row that must find all workers asleep before the process counts as resting. Not measured on its own.
pub(crate) const RESTING: u32 = 3;

/// Between the first two looks at a process in which only threads of its own could still act. The time doubles from look to
/// look. Not measured on its own.
pub(crate) const OUTSIDERS_FIRST: Duration = Duration::from_millis(20);

/// The longest time between two such looks. Not measured on its own.
pub(crate) const OUTSIDERS_LAST: Duration = Duration::from_secs(1);

/// Between two looks at threads that have been asked to end. Not measured on its own.
pub(crate) const LEAVING: Duration = Duration::from_millis(5);
