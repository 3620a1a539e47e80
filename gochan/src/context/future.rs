//! Contexts that end when a future completes.
//!
//! There is no executor: whenever the future is woken, a goroutine polls it once. Nobody waits in between.

use super::source::{CancelSource, EndSignal};
use super::{Context, ContextError};
use crate::chan::Receiver;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Wake, Waker};

impl Context {
    /// A context that ends, as cancelled, when `future` completes, whatever it yields.
    ///
    /// The future is polled here once, and in a goroutine whenever it is woken; it is dropped when it has completed, or
    /// when the last handle of the context is gone. It must not need the thread of an async runtime, as timers and
    /// sockets of such do; futures of channels, tokens and the like do not.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let (stop, stopped) = chan!(()).split();
    /// let ctx = Context::from_future(async move { stopped.recv_async().await });
    /// assert!(ctx.err().is_none());
    /// drop(stop);
    /// ctx.done().recv();
    /// assert_eq!(ctx.err().unwrap().to_string(), "context canceled");
    /// ```
    pub fn from_future<F: Future + Send + 'static>(future: F) -> Context {
        Context::from_source(Completion(future))
    }
}

/// A channel that stands for the end of something: the context ends, as cancelled, when it is closed. Should a value
/// come, that counts, too.
impl CancelSource for Receiver<()> {
    type Watch = Registration;

    fn watch(self, end: EndSignal) -> Registration {
        Completion(async move { self.recv_async().await }).watch(end)
    }
}

struct Completion<F>(F);

impl<F: Future + Send + 'static> CancelSource for Completion<F> {
    type Watch = Registration;

    fn watch(self, end: EndSignal) -> Registration {
        let state = State { future: Some(Box::pin(self.0)), woken: false, over: false };
        let watching = Arc::new(Watching { state: Mutex::new(state), end });
        let registration = Registration(watching.clone());
        watching.poll();
        registration
    }
}

/// The registration of a future or channel: dropping it drops the future.
pub struct Registration(Arc<dyn Forget>);

impl Drop for Registration {
    fn drop(&mut self) {
        self.0.forget();
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registration")
    }
}

trait Forget: Send + Sync {
    fn forget(&self);
}

/// A future and whom to tell of its end. The future's waker leads back here, in a circle that `forget` opens.
struct Watching<F> {
    state: Mutex<State<F>>,
    end: EndSignal,
}

struct State<F> {
    /// None while somebody polls it, and in the end.
    future: Option<Pin<Box<F>>>,
    /// Woken while somebody polls it.
    woken: bool,
    /// It has completed, or nobody wants to know any more.
    over: bool,
}

impl<F> Watching<F> {
    fn state(&self) -> MutexGuard<'_, State<F>> {
        // Nothing can panic under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Future + Send + 'static> Watching<F> {
    fn poll(self: Arc<Self>) {
        let Some(mut future) = self.take() else { return };
        // Should the poll panic, the future is lost: that is an end as well.
        let lost = EndOnDrop(&self.end);
        let waker = Waker::from(self.clone());
        while future.as_mut().poll(&mut task::Context::from_waker(&waker)).is_pending() {
            match self.put_back(future) {
                Some(again) => future = again,
                None => return std::mem::forget(lost),
            }
        }
        self.state().over = true;
        drop(lost);
    }

    /// Takes the future out to be polled, unless it is out.
    fn take(&self) -> Option<Pin<Box<F>>> {
        let mut state = self.state();
        let future = state.future.take();
        state.woken = future.is_none();
        future
    }

    /// Puts the future back until it is woken; gives it back if it has been meanwhile.
    fn put_back(&self, future: Pin<Box<F>>) -> Option<Pin<Box<F>>> {
        let mut state = self.state();
        if state.over {
            drop(state);
            drop(future);
            return None;
        }
        if std::mem::take(&mut state.woken) {
            return Some(future);
        }
        state.future = Some(future);
        None
    }
}

impl<F: Future + Send + 'static> Wake for Watching<F> {
    fn wake(self: Arc<Self>) {
        // Whoever wakes may hold any lock, so the future is not polled here.
        if !self.state().over {
            crate::sched::go(move || self.poll());
        }
    }
}

impl<F: Future + Send + 'static> Forget for Watching<F> {
    fn forget(&self) {
        let mut state = self.state();
        state.over = true;
        let future = state.future.take();
        drop(state);
        drop(future);
    }
}

struct EndOnDrop<'a>(&'a EndSignal);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end(ContextError::Canceled);
    }
}
