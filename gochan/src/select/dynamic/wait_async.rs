//! Waiting in an async task: the waiters stay on their queues from one poll to the next.

use super::super::choice::{Chosen, IfBlocked};
use super::super::engine::Begun;
use super::{Select, Selected};
use crate::base::callback::Callbacks;
use crate::base::clock;
use crate::base::lock::lock;
use crate::sched::alarms::Alarm;
use crate::sched::park::{Completed, Owner};
use crate::spawn::alarm;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

/// What [`Select::wait_async`] returns.
#[must_use = "futures do nothing unless polled"]
pub struct WaitAsync<'s, 'a> {
    pub(super) select: Option<&'s mut Select<'a>>,
}

impl<'s, 'a> Future for WaitAsync<'s, 'a> {
    type Output = Selected<'s, 'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Selected<'s, 'a>> {
        let select = self.select.take().expect("WaitAsync polled after completion");
        match select.poll_async(context.waker()) {
            Some(chosen) => Poll::Ready(select.selected(chosen)),
            None => {
                self.select = Some(select);
                Poll::Pending
            }
        }
    }
}

impl Drop for WaitAsync<'_, '_> {
    fn drop(&mut self) {
        if let Some(select) = &mut self.select {
            select.settle();
        }
    }
}

impl Select<'_> {
    /// Chooses, or queues for `waker`. A set that is queued keeps its places.
    fn poll_async(&mut self, waker: &Waker) -> Option<Chosen> {
        if let Some(queued) = &self.queued {
            // Before the claim is read: an operation that wins it after that wakes the new task.
            queued.task.change(waker);
            let due = queued.alarm.as_ref().is_some_and(|&(time, _)| clock::now() >= time);
            // SAFETY: written when the select was queued.
            if !due && !unsafe { self.claim.assume_init_ref() }.is_won() {
                return None;
            }
        }
        self.settle();
        if let Some(chosen) = self.pending.take() {
            return Some(chosen);
        }
        let mut other = None;
        if let Some(chosen) = self.poll(None, &mut other) {
            // Should a waker panic, the next wait returns what was chosen.
            self.pending = Some(chosen);
            wake(other);
            return self.pending.take();
        }
        let task = Arc::new(Task(Mutex::new(Some(waker.clone()))));
        let proxy = Waker::from(task.clone());
        match self.engine(IfBlocked::Wait, None).begin(&mut other, || ((), Owner::task(&proxy))) {
            Begun::Chosen(chosen) => {
                // As above.
                self.pending = Some(chosen);
                let mut callbacks = Callbacks::new();
                callbacks.run(|| wake(other));
                callbacks.run(|| drop((proxy, task)));
                callbacks.finish();
                self.pending.take()
            }
            Begun::Waiting((), time) => {
                // First of all: the waiters are on their queues.
                let queued = self.queued.insert(Queued { task, alarm: None });
                if let Some(time) = time {
                    queued.alarm = Some((time, alarm::set(time, move || proxy.wake())));
                }
                None
            }
            Begun::AllOff => None,
        }
    }
}

/// What a future that waits needs beside the waiters.
pub(super) struct Queued {
    task: Arc<Task>,
    /// When a timer among the arms is ready, and what wakes the task then.
    alarm: Option<(Instant, Alarm)>,
}

impl Queued {
    /// The waiters have left their queues.
    pub(super) fn end(self, callbacks: &mut Callbacks) {
        if let Some((_, alarm)) = self.alarm {
            callbacks.run(|| _ = alarm.cancel());
        }
        callbacks.run(|| drop(self.task));
    }
}

/// Wakes the other side of an operation that has been noted as chosen. A poll never waits, and lets no other goroutine run.
fn wake(completed: Option<Completed>) {
    if let Some(completed) = completed {
        completed.wake();
    }
}

/// The task that waits, which may be another one at each poll; none from when it is woken until it polls.
///
/// Wakers are the user's: they are cloned, woken and dropped when the lock is free.
struct Task(Mutex<Option<Waker>>);

impl Task {
    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        lock(&self.0)
    }

    fn change(&self, waker: &Waker) {
        if !self.waker().as_ref().is_some_and(|before| before.will_wake(waker)) {
            let waker = waker.clone();
            let before = self.waker().replace(waker);
            drop(before);
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let waker = self.waker().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl fmt::Debug for WaitAsync<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitAsync")
    }
}
