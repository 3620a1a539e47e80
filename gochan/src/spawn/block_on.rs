//! Waiting for a future, in a goroutine or on a thread.
//!
//! The waker and the waiter share one word. The wakers may outlive the call, on any thread, so the word is counted.
//!
//! ```text
//!            poll                    nothing woke it: park
//!   POLLING ------> POLLING ------------------------------> the waiter's owner
//!      ^               |                                        |
//!      |               | wake                                   | wake, by the waker that takes the owner out
//!      +--- WOKEN <----+----------------------------------------+
//! ```
//!
//! Every step is a read-modify-write. The waker that takes the owner out is the only one that wakes it; all others find
//! `WOKEN`, or a call that is over, and do nothing.

use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::here;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::worker::Worker;
use crate::shim::atomic::{AtomicPtr, Ordering::*};
use crate::shim::yield_now;
use std::panic::Location;
use std::pin::pin;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Waits for a future, and returns its output.
///
/// In a goroutine the wait parks the goroutine, and its worker runs others; the `block_on` of an executor would block
/// the worker's thread. Outside of goroutines, and on [`Backend::Threads`](crate::runtime::Backend::Threads), it blocks
/// the calling thread. The future is polled by the caller and need be neither `Send` nor `'static`. It is dropped before
/// this returns.
///
/// This is no runtime: futures that need one, such as sockets and timers of tokio, need its context. The feature
/// `tokio` has `gochan::tokio::block_on` for them. Futures of channels, joins and contexts work with any `block_on`.
///
/// The wakers of the future may be cloned, kept, and called by any thread, also after this has returned. A future that
/// wakes itself while it is polled lets the other goroutines of the worker run before the next poll. An operation of
/// gochan that waits inside of a poll parks the goroutine there. If every goroutine waits and the process has no thread
/// that could call a waker, the wait is part of the report of a deadlock.
///
/// One allocation for each call.
///
/// # Panics
/// A panic of the future is the caller's.
///
/// ```
/// use gochan::prelude::*;
///
/// let (questions, answers) = (chan!(u32), chan!(u32));
/// go!([questions, answers] { send!(answers <- recv!(questions) * 2) });
/// let answer = go!({
///     gochan::block_on(async {
///         questions.send_async(21).await.unwrap();
///         answers.recv_async().await
///     })
/// });
/// assert_eq!(answer.join().unwrap(), Some(42));
/// ```
#[track_caller]
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    wait_for(future.into_future(), Location::caller())
}

/// Like [`block_on`], on behalf of `place`.
pub(crate) fn wait_for<F: Future>(future: F, place: SourceLocation) -> F::Output {
    points::before(|| Touch::EVERYTHING, "block_on", Some(place));
    let output = poll_to_end(future, place);
    here::spend();
    output
}

fn poll_to_end<F: Future>(future: F, place: SourceLocation) -> F::Output {
    let word = Arc::new(WakeWord(AtomicPtr::new(POLLING)));
    let waker = Waker::from(word.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        word.wait(place);
    }
}

/// [`POLLING`], [`WOKEN`], or the owner of the parked waiter.
struct WakeWord(AtomicPtr<()>);

/// The future is polled, or its call is over.
const POLLING: *mut () = ptr::null_mut();
/// The future is to be polled again. No owner has these bits.
const WOKEN: *mut () = ptr::without_provenance_mut(3);

impl WakeWord {
    /// Waits until the future has been woken since its last poll began.
    fn wait(&self, place: SourceLocation) {
        if self.0.load(Relaxed) == WOKEN || !self.park(place) {
            // It was woken during the poll, often by itself, which asks to let others run.
            match Worker::current() {
                Some(worker) => worker.yield_now(place),
                None => yield_now(),
            }
        }
        // A read-modify-write: Acquire then orders this after each of the wakes so far, and not only after the first.
        self.0.swap(POLLING, AcqRel);
    }

    /// False if the future has been woken meanwhile.
    fn park(&self, place: SourceLocation) -> bool {
        let parker = Parker::current();
        let owner = parker.owner().into_word();
        // Release hands the owner to the waker. Nothing unwinds from here to the park.
        if self.0.compare_exchange(POLLING, owner.as_ptr(), AcqRel, Acquire).is_ok() {
            parker.park_or_end(WaitReason::BlockOn, place, || {
                // Acquire: a waker that comes later finds no owner. That of a goroutine needs no drop.
                self.0.compare_exchange(owner.as_ptr(), POLLING, Acquire, Relaxed).is_ok()
            });
            return true;
        }
        // SAFETY: it is not in the word, so this is the only reference to it.
        drop(unsafe { Owner::from_word(owner) });
        false
    }
}

impl Wake for WakeWord {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: what the waker has done happens before the next poll. Acquire takes the owner over.
        let before = self.0.swap(WOKEN, AcqRel);
        if before == WOKEN {
            return;
        }
        if let Some(owner) = NonNull::new(before) {
            // SAFETY: it was put there by `park`, and the swap has taken it out.
            unsafe { Owner::from_word(owner) }.wake();
        }
    }
}
