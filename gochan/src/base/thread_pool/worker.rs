//! A thread of a pool: runs jobs, waits for more, and ends.

use super::{Job, KEEP, PoolState, Sleeper, ThreadPool};
use crate::base::actors::OwnedThread;
use crate::base::{bell, report};
use crossbeam_utils::Backoff;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::thread;
use std::time::Instant;

/// What a waiting thread has to do next.
enum Order {
    Run(Job),
    Leave,
}

impl ThreadPool {
    /// Runs `first`, and then further jobs if the thread is to be kept.
    pub(super) fn serve(&self, first: Job, keep: bool) {
        let owned = OwnedThread::of_kind(self.kind);
        {
            let mut state = self.lock();
            state.starting -= 1;
            state.alive += 1;
            state.refused = None;
        }
        run(first);
        if !keep {
            self.lock().alive -= 1;
            // In this order: its thread-locals are not yet destroyed when its job leaves the count.
            drop(owned);
            self.count_out();
            return;
        }
        let sleeper = Arc::new(Sleeper { thread: thread::current(), called: AtomicBool::new(false) });
        while let Order::Run(job) = self.next_order(&sleeper) {
            run(job);
        }
        // The thread that ordered it to leave has removed it from the count.
        owned.disowned();
    }

    /// Called when the last job is done: waits for the next order.
    fn next_order(&self, sleeper: &Arc<Sleeper>) -> Order {
        let next = {
            let mut state = self.lock();
            let next = self.dequeue(&mut state);
            state.idle += usize::from(next.is_none());
            next
        };
        self.count_out();
        next.map_or_else(|| self.wait(sleeper), Order::Run)
    }

    /// Waits as one of the idle threads.
    fn wait(&self, sleeper: &Arc<Sleeper>) -> Order {
        let begin = Instant::now();
        loop {
            if let Some(order) = self.spin_for_order() {
                return order;
            }
            let mut state = self.lock();
            if let Some(order) = self.take_order(&mut state) {
                return order;
            }
            sleeper.called.store(false, Relaxed);
            state.asleep.push(sleeper.clone());
            drop(state);
            thread::park_timeout(KEEP.saturating_sub(begin.elapsed()));
            let mut state = self.lock();
            if !sleeper.called.load(Relaxed) {
                state.asleep.retain(|other| !Arc::ptr_eq(other, sleeper));
            }
            if let Some(order) = self.take_order(&mut state) {
                return order;
            }
            if begin.elapsed() >= KEEP {
                state.tell_to_leave(1);
                state.leaving -= 1;
                return Order::Leave;
            }
        }
    }

    /// Spins for a moment, as falling asleep and being woken takes longer than most waits.
    fn spin_for_order(&self) -> Option<Order> {
        let backoff = Backoff::new();
        while !backoff.is_completed() {
            if self.queued.load(Relaxed) > 0 {
                let order = self.take_order(&mut self.lock());
                if order.is_some() {
                    return order;
                }
            }
            backoff.snooze();
        }
        None
    }

    /// `None` if there is no order yet.
    fn take_order(&self, state: &mut PoolState) -> Option<Order> {
        if state.leaving > 0 {
            state.leaving -= 1;
            return Some(Order::Leave);
        }
        let job = self.dequeue(state)?;
        state.idle -= 1;
        Some(Order::Run(job))
    }

    fn count_out(&self) {
        self.pending.fetch_sub(1, SeqCst);
        bell::ring();
    }
}

/// As std does for a thread's result: after a panic that reaches this place the counts would stay wrong.
fn run(job: Job) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(job)) {
        report::abort(&format!("a thread of a pool panicked: {}", report::message(&*payload)));
    }
}
