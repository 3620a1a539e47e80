//! The number of goroutines.

use super::here::current_id;
use super::runtime;
use super::runtime::{FINISHED_OUTSIDE, SPAWNED_OUTSIDE};
use super::worker::Worker;
use crate::base::fork;
use crate::base::test_group;
use std::sync::atomic::Ordering::*;

/// As [`num_goroutine`](crate::runtime::num_goroutine), for the runtime's own use: it is not a point.
pub(crate) fn known_goroutines() -> usize {
    // The other goroutines, and the counts, are those of the parent process.
    if fork::is_forked_child() { usize::from(current_id().is_some()) } else { count_goroutines() }
}

pub(crate) fn count_goroutines() -> usize {
    if let Some(group) = test_group::current() {
        return match Worker::current() {
            Some(worker) => worker.workers.alive(),
            None => group.members(),
        };
    }
    // Ends before spawns: what happens in between makes the number larger, never negative.
    let mut ended = FINISHED_OUTSIDE.load(Acquire);
    let workers = runtime::started_workers().map_or(&[][..], |workers| workers.all());
    ended += workers.iter().map(|worker| worker.progress.finished.load(Acquire)).sum::<u64>();
    let mut spawned = SPAWNED_OUTSIDE.load(Acquire);
    spawned += workers.iter().map(|worker| worker.progress.spawned.load(Acquire)).sum::<u64>();
    spawned.saturating_sub(ended) as usize
}
