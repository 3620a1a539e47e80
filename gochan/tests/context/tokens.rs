//! Contexts and the cancellation tokens of `tokio-util`, in either direction.

use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier};
use std::task::{Wake, Waker};
use std::thread;

use crate::common::{Ledger, MOMENT, until, watchdog};
use gochan::context::ContextError;
use gochan::prelude::*;
use tokio_util::sync::CancellationToken;

const CANCELED: Option<ContextError> = Some(ContextError::Canceled);

#[gochan::test]
fn cx_02_a_cancelled_token_ends_its_context_at_once() {
    let token = CancellationToken::new();
    let ctx = Context::from(token.clone());
    let (child, _cancel) = ctx.with_cancel();
    let waiting = go!([child] { (child.done().recv(), child.err()) });
    assert_eq!((ctx.err(), child.err()), (None, None));
    token.cancel();
    assert_eq!((ctx.err(), child.err()), (CANCELED, CANCELED));
    assert_eq!(waiting.join().unwrap(), (None, CANCELED));
    assert_eq!(ctx.to_string(), "context.Background.WithSource");
}

#[gochan::test]
fn cx_02_a_token_cancelled_through_its_parents_ends_its_context() {
    let root = CancellationToken::new();
    let tokens: Vec<_> = (0..20).map(|_| root.child_token().child_token()).collect();
    let contexts: Vec<_> = tokens.iter().map(|token| Context::from(token.clone())).collect();
    // A destructor that uses the tokens must not run under their locks.
    struct Uses(CancellationToken);
    impl Drop for Uses {
        fn drop(&mut self) {
            drop(self.0.child_token());
        }
    }
    for ctx in &contexts {
        drop(ctx.with_value(Uses(root.clone())).with_source(root.child_token()));
    }
    root.cancel();
    assert!(contexts.iter().all(|ctx| ctx.err() == CANCELED));
}

#[gochan::test]
fn cx_04_a_token_that_was_cancelled_before_gives_an_ended_context() {
    let token = CancellationToken::new();
    token.cancel();
    let ctx = Context::from(token);
    assert_eq!(ctx.err(), CANCELED);
    assert_eq!(ctx.done().recv(), None);
}

#[test]
fn cx_03_an_ended_context_cancels_its_tokens() {
    let _watchdog = watchdog();
    let (parent, cancel) = background().with_cancel();
    let (child, _child_cancel) = parent.with_cancel();
    let tokens = [parent.to_cancellation_token(), CancellationToken::from(&child)];
    tokens[0].cancel();
    assert_eq!((parent.err(), tokens[1].is_cancelled()), (None, false));
    let other = parent.to_cancellation_token();
    assert!(!other.is_cancelled(), "tokens of one context are apart");
    let waiting = thread::spawn({
        let token = tokens[1].clone();
        move || pollster::block_on(token.cancelled())
    });
    cancel.cancel();
    assert!(other.is_cancelled() && tokens[1].is_cancelled());
    waiting.join().unwrap();
    assert!(parent.to_cancellation_token().is_cancelled());
}

#[test]
fn cx_03_tokens_of_contexts_that_never_end_or_time_out() {
    let _watchdog = watchdog();
    assert!(!background().to_cancellation_token().is_cancelled());
    let (timed, _cancel) = background().with_timeout(MOMENT);
    pollster::block_on(timed.to_cancellation_token().cancelled());
    assert_eq!(timed.err(), Some(ContextError::DeadlineExceeded));
}

#[test]
fn cx_03_tokens_asked_for_beside_the_end_are_cancelled() {
    let _watchdog = watchdog();
    for _ in 0..300 {
        let (ctx, cancel) = background().with_cancel();
        let barrier = Arc::new(Barrier::new(2));
        let asking = {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.wait();
                ctx.to_cancellation_token()
            })
        };
        barrier.wait();
        cancel.cancel();
        let token = asking.join().unwrap();
        until(|| token.is_cancelled());
    }
}

#[gochan::test]
fn cx_03_there_and_back_again() {
    let (ctx, cancel) = background().with_cancel();
    let mut chain = vec![ctx];
    for turn in 0..100 {
        chain.push(Context::from(chain[turn].to_cancellation_token()));
    }
    let last = chain.last().unwrap();
    assert_eq!(last.err(), None);
    cancel.cancel();
    // Each turn wakes the next from a goroutine.
    assert_eq!(last.done().recv(), None);
    assert!(chain.iter().all(|ctx| ctx.err() == CANCELED));
}

#[gochan::test]
fn cx_18_a_token_that_outlives_its_context_is_cancelled() {
    let source = CancellationToken::new();
    let token = Context::from(source.clone()).to_cancellation_token();
    assert!(token.is_cancelled() && !source.is_cancelled());
}

#[gochan::test]
fn cx_18_contexts_and_tokens_that_go_leave_nothing_behind() {
    let ledger = Ledger::default();
    let token = CancellationToken::new();
    let (ctx, _cancel) = background().with_cancel();
    for turn in 0..1000 {
        drop(ctx.with_value(ledger.value(turn)).with_source(token.clone()));
        drop(ctx.to_cancellation_token());
    }
    ledger.balances();
    assert_eq!(ctx.err(), None);
    token.cancel();
    assert_eq!(ctx.err(), None);
}

#[gochan::test]
fn cx_18_an_end_wakes_tasks_that_wait_on_tokens_once() {
    struct Woken(AtomicUsize);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let woken = Arc::new(Woken(AtomicUsize::new(0)));
    let waker = Waker::from(woken.clone());
    let (ctx, cancel) = background().with_cancel();
    let token = ctx.to_cancellation_token();
    let mut cancelled = Box::pin(token.cancelled());
    let mut context = std::task::Context::from_waker(&waker);
    assert!(cancelled.as_mut().poll(&mut context).is_pending());
    cancel.cancel();
    assert_eq!(woken.0.load(SeqCst), 1);
    assert!(cancelled.as_mut().poll(&mut context).is_ready());
}
