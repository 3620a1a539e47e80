//! Awaiting the end of a goroutine.
//!
//! The goroutine is left an owner that wakes an [`End`], which knows the waker of the last poll. The future takes the result
//! when the `End` has been woken, and not when the result is there: until then the goroutine uses what the future would free.

use super::join::JoinHandle;
use crate::base::lock::regardless;
use crate::base::touch::Access;
use crate::points;
use crate::sched::park::Owner;
use crate::shim::{Mutex, MutexGuard, yield_now};
use crossbeam_utils::Backoff;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// What awaiting a [`JoinHandle`] waits with: yields what [`JoinHandle::join`] returns, and blocks no thread.
///
/// Dropping it detaches the goroutine, as dropping the handle does.
///
/// ```
/// let handle = gochan::go!(|a: u32, b: u32| { a * b }(6, 7));
/// let answer = gochan::block_on(async { handle.await.unwrap() });
/// assert_eq!(answer, 42);
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct JoinFuture<T> {
    /// None once the result has been taken.
    handle: Option<JoinHandle<T>>,
    /// Made by the first poll that has to wait.
    end: Option<Arc<End>>,
}

impl<T> IntoFuture for JoinHandle<T> {
    type Output = std::thread::Result<T>;
    type IntoFuture = JoinFuture<T>;

    fn into_future(self) -> JoinFuture<T> {
        JoinFuture { handle: Some(self), end: None }
    }
}

impl<T> Future for JoinFuture<T> {
    type Output = std::thread::Result<T>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<std::thread::Result<T>> {
        let JoinFuture { handle, end } = self.get_mut();
        let joined = handle.as_ref().expect("JoinFuture polled after completion");
        let has_ended = points::around(
            || joined.end(Access::Read),
            "JoinFuture::poll",
            || match end {
                Some(end) => end.has_come(task.waker()),
                None => joined.has_ended() || !wait(joined, end, task.waker()),
            },
        );
        if !has_ended {
            return Poll::Pending;
        }
        *end = None;
        Poll::Ready(handle.take().expect("still there").take_result())
    }
}

/// Leaves the waker to the goroutine. False if the goroutine has ended.
fn wait<T>(handle: &JoinHandle<T>, end: &mut Option<Arc<End>>, waker: &Waker) -> bool {
    let new = Arc::new(End(Mutex::new(EndState { has_come: false, waker: Some(waker.clone()) })));
    let owner = Owner::task(&Waker::from(new.clone()));
    // Nothing unwinds between the two: a drop of the future has to take the owner back.
    match handle.register(owner) {
        Ok(()) => {
            *end = Some(new);
            true
        }
        Err(owner) => {
            drop(owner);
            false
        }
    }
}

impl<T> Drop for JoinFuture<T> {
    fn drop(&mut self) {
        if let (Some(handle), Some(end)) = (&self.handle, &self.end) {
            match handle.unregister() {
                Some(owner) => drop(owner),
                None => end.wait(),
            }
        }
    }
}

impl<T> fmt::Debug for JoinFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinFuture").field("handle", &self.handle).finish()
    }
}

/// The end of a goroutine, as its future sees it.
struct End(Mutex<EndState>);

struct EndState {
    /// The goroutine uses nothing of the handle's any more.
    has_come: bool,
    /// That of the last poll.
    waker: Option<Waker>,
}

impl End {
    fn state(&self) -> MutexGuard<'_, EndState> {
        regardless(self.0.lock())
    }

    /// True if the end has come. Otherwise it will wake `waker`.
    fn has_come(&self, waker: &Waker) -> bool {
        // Cloned and dropped outside of the lock: that is code of the user.
        let mut other = Some(waker.clone());
        let mut state = self.state();
        if !state.has_come {
            std::mem::swap(&mut state.waker, &mut other);
        }
        let has_come = state.has_come;
        drop(state);
        has_come
    }

    /// Waits until the end has come. The goroutine has published its result and is about to wake this.
    fn wait(&self) {
        let backoff = Backoff::new();
        while !self.state().has_come {
            if cfg!(any(gochan_model, gochan_loom)) {
                yield_now();
            } else {
                backoff.snooze();
            }
        }
    }
}

impl Wake for End {
    fn wake(self: Arc<Self>) {
        let mut state = self.state();
        state.has_come = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
