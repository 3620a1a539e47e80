//! A point that several goroutines reach together.

use super::cond::Cond;
use super::mutex::Mutex;
use crate::sched::park::WaitReason;
use std::fmt;
use std::panic::Location;

/// Lets a number of goroutines wait for each other: none goes on before all have come. It can be used again at once.
///
/// As std's `Barrier`, but it parks the goroutine; outside of goroutines it blocks the thread. Go's standard library has
/// none: Go programs use a `sync.WaitGroup` for each round.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::sync::Barrier;
/// use std::sync::Arc;
///
/// let (barrier, rounds) = (Arc::new(Barrier::new(3)), chan!(u32, 6));
/// let wg = WaitGroup::new();
/// for _ in 0..3 {
///     let (barrier, rounds) = (barrier.clone(), rounds.clone());
///     wg.go(move || {
///         for round in 0..2 {
///             if barrier.wait().is_leader() {
///                 send!(rounds <- round);
///             }
///         }
///     });
/// }
/// wg.wait();
/// assert_eq!(rounds.try_iter().collect::<Vec<_>>(), [0, 1]);
/// ```
#[doc(alias = "CyclicBarrier")]
pub struct Barrier {
    state: Mutex<State>,
    complete: Cond,
    size: usize,
}

struct State {
    /// Those that have come in this round.
    waiting: usize,
    round: u64,
}

/// What [`Barrier::wait`] returns: whether the caller is the leader of its round.
#[derive(Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// True for one goroutine of each round, which one is not specified.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// A barrier for `size` goroutines. One for none lets each through, as one for one does.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new(size: usize) -> Barrier {
        Barrier { state: Mutex::new(State { waiting: 0, round: 0 }), complete: Cond::new(), size }
    }

    /// Waits until as many goroutines have come as the barrier is for. What each has done before happens before the
    /// return of all. Parks the goroutine, or blocks the thread outside of goroutines.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let mut state = self.state.lock_as("Barrier::wait", Some(Location::caller()));
        state.waiting += 1;
        if state.waiting >= self.size {
            state.waiting = 0;
            state.round += 1;
            drop(state);
            self.complete.broadcast();
            return BarrierWaitResult(true);
        }
        let round = state.round;
        drop(self.complete.wait_while_as(WaitReason::Barrier, state, |state| state.round == round));
        BarrierWaitResult(false)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("size", &self.size).finish_non_exhaustive()
    }
}
