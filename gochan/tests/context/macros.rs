//! Row CX-13: `with_context!` cancels on every way out.

use std::time::Duration;

use crate::common::{Ledger, patience};
use gochan::context::{CancelHandle, ContextError};
use gochan::prelude::*;

const CANCELED: Option<ContextError> = Some(ContextError::Canceled);

/// Takes the context of a body out of it, to look at it afterwards.
#[derive(Default)]
struct Outside(Option<Context>);

impl Outside {
    #[track_caller]
    fn take_live(&mut self, ctx: &Context) {
        assert_eq!(ctx.err(), None);
        self.0 = Some(ctx.clone());
    }

    #[track_caller]
    fn assert_ended(&mut self) {
        assert_eq!(self.0.take().expect("the body ran").err(), CANCELED);
    }
}

#[gochan::test]
fn cx_13_falling_through_cancels_and_gives_the_value() {
    let mut outside = Outside::default();
    let value = with_context!(ctx = background().with_cancel() => {
        outside.take_live(&ctx);
        42
    });
    assert_eq!(value, 42);
    outside.assert_ended();
}

#[gochan::test]
fn cx_13_break_and_continue_cancel() {
    let mut outside = Outside::default();
    let mut turns = 0;
    let found = 'search: loop {
        loop {
            with_context!(ctx = background().with_timeout(patience()) => {
                outside.take_live(&ctx);
                turns += 1;
                match turns {
                    1 => continue,
                    2 => break,
                    3 => continue 'search,
                    _ => break 'search turns,
                }
            });
        }
        assert_eq!(turns, 2);
        outside.assert_ended();
    };
    assert_eq!(found, 4);
    outside.assert_ended();
}

#[gochan::test]
fn cx_13_return_cancels() {
    fn leave(outside: &mut Outside) -> u32 {
        with_context!((ctx, cancel) = background().with_cancel() => {
            outside.take_live(&ctx);
            let _kept = cancel.clone();
            if ctx.err().is_none() {
                return 7;
            }
        });
        unreachable!("the body returns");
    }
    let mut outside = Outside::default();
    assert_eq!(leave(&mut outside), 7);
    outside.assert_ended();
}

#[gochan::test]
fn cx_13_a_question_mark_cancels() {
    fn parse(outside: &mut Outside, text: &str) -> Result<u32, std::num::ParseIntError> {
        let number = with_context!(ctx = background().with_deadline(std::time::Instant::now() + patience()) => {
            outside.take_live(&ctx);
            text.parse::<u32>()?
        });
        Ok(number + 1)
    }
    let mut outside = Outside::default();
    assert!(parse(&mut outside, "x").is_err());
    outside.assert_ended();
    assert_eq!(parse(&mut outside, "1"), Ok(2));
    outside.assert_ended();
}

#[gochan::test]
fn cx_13_a_panic_cancels() {
    let mut outside = Outside::default();
    let said = crate::common::panic_of(std::panic::AssertUnwindSafe(|| {
        with_context!(ctx = background().with_cancel() => {
            outside.take_live(&ctx);
            panic!("on purpose");
        });
    }));
    assert_eq!(said, "on purpose");
    outside.assert_ended();
}

#[gochan::test]
fn cx_13_leaving_a_goroutine_by_goexit_cancels() {
    let out = chan!(Context, 1);
    let goroutine = go!([out] {
        with_context!(ctx = background().with_cancel() => {
            send!(out <- ctx);
            gochan::runtime::goexit()
        })
    });
    assert!(goroutine.join().is_err());
    assert_eq!(recv_context(&out).err(), CANCELED);
}

fn recv_context(from: &Chan<Context>) -> Context {
    from.recv().expect("the body sent it")
}

#[gochan::test]
fn cx_13_a_clone_of_the_handle_does_not_keep_the_context_going() {
    let mut outside = Outside::default();
    let kept: CancelHandle = with_context!((ctx, cancel) = background().with_cancel_cause() => {
        outside.take_live(&ctx);
        cancel.clone()
    });
    outside.assert_ended();
    kept.cancel_cause("too late");
}

#[gochan::test]
fn cx_13_the_handle_ends_it_early_and_says_why() {
    let ctx = with_context!((ctx, cancel) = background().with_cancel_cause() => {
        cancel.cancel_cause("found");
        assert_eq!(ctx.err(), CANCELED);
        ctx
    });
    assert_eq!(ctx.cause().unwrap().to_string(), "found");
}

#[gochan::test]
fn cx_13_the_deadline_stays_the_reason_if_it_came_first() {
    let ctx = with_context!(ctx = background().with_timeout_cause(Duration::from_millis(1), "slow") => {
        ctx.done().recv();
        ctx
    });
    assert_eq!(ctx.err(), Some(ContextError::DeadlineExceeded));
    assert_eq!(ctx.cause().unwrap().to_string(), "slow");
}

#[gochan::test]
fn cx_13_workers_below_are_told_and_nothing_is_left() {
    let ledger = Ledger::default();
    let root = background().with_value(ledger.value(1));
    let workers: Vec<_> = with_context!(ctx = root.with_timeout(patience()) => {
        let workers = (0..10).map(|number| {
            let (child, handle) = ctx.with_value(ledger.value(number)).with_cancel();
            go!({
                let _handle = handle;
                child.done().recv();
                child.err()
            })
        });
        workers.collect()
    });
    drop(root);
    assert!(workers.into_iter().all(|worker| worker.join().unwrap() == CANCELED));
    ledger.balances();
}
