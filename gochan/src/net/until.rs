//! Waits that end with a context.

use super::direction::poke_both;
use crate::base::lock::lock;
use crate::context::{Context, ContextError, StopHandle};
use crate::poll::Words;
use std::fmt;
use std::sync::atomic::Ordering::*;
use std::sync::{Arc, Mutex};

/// Ends the waits of a stream or the like with a context, until it is dropped. Made by `until`, such as
/// [`TcpStream::until`](super::TcpStream::until).
#[must_use = "the waits end with the context only while the guard lives"]
pub struct Until {
    shared: Arc<Shared>,
    stop: Option<StopHandle>,
}

struct Shared {
    words: Arc<Words>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    Waiting,
    /// The context has ended, and this has been added to the count of ends.
    Ended(u32),
    /// The guard has gone.
    Gone,
}

impl Shared {
    fn end(&self, error: Option<ContextError>) {
        let count = match error {
            Some(ContextError::DeadlineExceeded) => 1 << 16,
            _ => 1,
        };
        let mut state = lock(&self.state);
        if matches!(*state, State::Waiting) {
            *state = State::Ended(count);
            // Sequentially consistent: before the look at the waiters, see `direction`.
            self.words.ended.fetch_add(count, SeqCst);
            drop(state);
            poke_both(&self.words);
        }
    }
}

impl Until {
    #[track_caller]
    pub(super) fn new(ctx: &Context, words: Arc<Words>) -> Until {
        let shared = Arc::new(Shared { words, state: Mutex::new(State::Waiting) });
        if let Some(error) = ctx.ended() {
            shared.end(Some(error));
            return Until { shared, stop: None };
        }
        let stop = (!ctx.done().is_nil()).then(|| {
            let (shared, ctx) = (shared.clone(), ctx.clone());
            ctx.clone().after_func(move || shared.end(ctx.ended()))
        });
        Until { shared, stop }
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            stop.stop();
        }
        let before = std::mem::replace(&mut *lock(&self.shared.state), State::Gone);
        if let State::Ended(count) = before {
            self.shared.words.ended.fetch_sub(count, SeqCst);
        }
    }
}

impl fmt::Debug for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = matches!(*lock(&self.shared.state), State::Ended(_));
        f.debug_struct("Until").field("ended", &ended).finish_non_exhaustive()
    }
}
