//! Contexts that end when a future completes.
//!
//! There is no executor: whenever the future is woken, a new goroutine polls it. None waits in between.

use super::source::{CancelSource, EndSignal};
use super::{Context, ContextError};
use crate::base::lock::lock;
use crate::chan::Receiver;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{self, Wake, Waker};

impl Context {
    /// A context that ends with [`ContextError::Canceled`] when `future` completes, whatever its output.
    ///
    /// The future is polled once by this call, and in a goroutine whenever it is woken. It is dropped when it has
    /// completed, or with the last handle of the context. It must not depend on the thread of an async runtime, as the
    /// runtime's timers and sockets do; futures of channels and tokens are fine. If a poll panics, the context ends.
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

/// The context ends with [`ContextError::Canceled`] when the channel is closed or yields a value.
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
        let state = FutureState { future: Some(Box::pin(self.0)), woken: false, over: false };
        let watching = Arc::new(WatchedFuture { state: Mutex::new(state), end });
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

/// A future and the signal of its end. The future's waker refers back to this, in a cycle that `forget` breaks.
struct WatchedFuture<F> {
    state: Mutex<FutureState<F>>,
    end: EndSignal,
}

struct FutureState<F> {
    /// `None` while it is being polled, and in the end.
    future: Option<Pin<Box<F>>>,
    /// The future was woken while it was being polled.
    woken: bool,
    /// The future has completed, or its end is no longer needed.
    over: bool,
}

impl<F> WatchedFuture<F> {
    fn state(&self) -> MutexGuard<'_, FutureState<F>> {
        // No code panics under the lock.
        lock(&self.state)
    }
}

impl<F: Future + Send + 'static> WatchedFuture<F> {
    fn poll(self: Arc<Self>) {
        let Some(mut future) = self.take() else { return };
        // If the poll panics, the future is lost, which counts as its end.
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

    /// Takes the future out to be polled, unless it is being polled.
    fn take(&self) -> Option<Pin<Box<F>>> {
        let mut state = self.state();
        let future = state.future.take();
        state.woken = future.is_none();
        future
    }

    /// Puts the future back until it is woken. Returns it if it has been woken meanwhile.
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

impl<F: Future + Send + 'static> Wake for WatchedFuture<F> {
    fn wake(self: Arc<Self>) {
        // The caller may hold any lock, so the future is not polled here.
        if !self.state().over {
            crate::spawn::start::go_from(Location::caller(), move || self.poll());
        }
    }
}

impl<F: Future + Send + 'static> Forget for WatchedFuture<F> {
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
