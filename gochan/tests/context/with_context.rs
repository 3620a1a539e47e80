//! What `with_context!` expands to: both forms, the body in place, and the context's end on every way out.
#![deny(warnings, unsafe_code, clippy::pedantic)]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use gochan::context::{CancelHandle, ContextError};
use gochan::prelude::*;

const LONG: Duration = Duration::from_secs(3600);

/// What the context, which must have ended by now, ended with.
#[track_caller]
fn end(ctx: &Context) -> ContextError {
    ctx.err().expect("the context has ended")
}

#[gochan::test]
fn the_body_has_a_context_that_ends_with_it() {
    let outside = with_context!(ctx = background().with_cancel() => {
        assert_eq!(ctx.err(), None);
        ctx.clone()
    });
    assert_eq!(end(&outside), ContextError::Canceled);
}

#[gochan::test]
fn the_body_has_the_handle_if_it_asks() {
    with_context!((ctx, cancel) = background().with_cancel() => {
        cancel.cancel();
        assert_eq!(end(&ctx), ContextError::Canceled);
    });
}

#[gochan::test]
fn a_handle_that_is_kept_keeps_nothing_alive() {
    let (ctx, kept) = with_context!((ctx, cancel) = background().with_cancel() => (ctx, cancel));
    assert_eq!(end(&ctx), ContextError::Canceled);
    let clone = kept.clone();
    drop((kept, clone));
}

#[gochan::test]
fn every_kind_of_context() {
    let parent = background().with_value("value");
    with_context!(ctx = parent.with_timeout(LONG) => assert!(ctx.deadline().is_some()));
    with_context!(ctx = parent.with_deadline(Instant::now() + LONG) => assert_eq!(
        ctx.value(),
        Some(&"value")
    ));
    with_context!((ctx, cancel) = parent.with_cancel_cause() => {
        cancel.cancel_cause("enough");
        assert_eq!(ctx.cause().unwrap().to_string(), "enough");
    });
    let made: (Context, CancelHandle) = parent.with_cancel();
    with_context!(ctx = (made) => assert_eq!(ctx.err(), None));
    with_context!(ctx = if parent.err().is_some() { parent.with_cancel() } else { parent.with_timeout(LONG) } => {
        assert!(ctx.deadline().is_some());
    });
    assert_eq!(parent.err(), None);
}

#[gochan::test]
fn derived_contexts_and_goroutines_end_with_it() {
    let (child, waiting) = with_context!(ctx = background().with_timeout(LONG) => {
        let (child, cancel) = ctx.with_cancel();
        let ended = child.clone();
        let waiting = go!([child] {
            select! {
                <-child.done() => end(&child),
            }
        });
        (ended, (waiting, cancel))
    });
    assert_eq!(waiting.0.join().unwrap(), ContextError::Canceled);
    assert_eq!(end(&child), ContextError::Canceled);
}

#[gochan::test]
fn out_of_the_body() {
    fn leave(how: &str, seen: &mut Vec<Context>) -> Result<&'static str, std::num::ParseIntError> {
        for turn in 0..3 {
            let one = with_context!(ctx = background().with_timeout(LONG) => {
                seen.push(ctx.clone());
                match how {
                    "break" => break,
                    "continue" if turn < 2 => continue,
                    "return" => return Ok("returned"),
                    text => text.parse::<i32>()?,
                }
            });
            assert_eq!((one, seen.last().and_then(Context::err)), (1, Some(ContextError::Canceled)));
        }
        Ok("at the end")
    }
    let mut seen = Vec::new();
    assert_eq!(leave("break", &mut seen), Ok("at the end"));
    assert!(leave("continue", &mut seen).is_err());
    assert_eq!(leave("return", &mut seen), Ok("returned"));
    assert!(leave("x", &mut seen).is_err());
    assert_eq!(leave("1", &mut seen), Ok("at the end"));
    assert_eq!(seen.len(), 1 + 3 + 1 + 1 + 3);
    assert!(seen.iter().all(|ctx| end(ctx) == ContextError::Canceled));
}

#[gochan::test]
fn while_a_panic_unwinds() {
    let seen = RefCell::new(None);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        with_context!((ctx, _cancel) = background().with_cancel() => {
            *seen.borrow_mut() = Some(ctx);
            std::panic::resume_unwind(Box::new(()));
        });
    }));
    assert!(unwound.is_err());
    assert_eq!(end(seen.borrow().as_ref().unwrap()), ContextError::Canceled);
}

#[gochan::test]
fn the_context_ends_after_the_locals_of_the_body() {
    struct Witness<'a>(&'a Context);
    impl Drop for Witness<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.err(), None);
        }
    }
    with_context!(ctx = background().with_cancel() => {
        let _local = Witness(&ctx);
        let _of_the_tail = &Witness(&ctx);
    });
    let none = with_context!(ctx = background().with_cancel() => Witness(&ctx).0.err());
    assert_eq!(none, None);
}

#[gochan::test]
fn one_in_another() {
    let (outer, inner) = with_context!(ctx = background().with_timeout(LONG) => {
        let outer = ctx.clone();
        let inner = with_context!((ctx, cancel) = ctx.with_cancel() => {
            cancel.cancel();
            ctx
        });
        assert_eq!((ctx.err(), end(&inner)), (None, ContextError::Canceled));
        (outer, inner)
    });
    assert_eq!((end(&outer), end(&inner)), (ContextError::Canceled, ContextError::Canceled));
}

#[gochan::test]
fn names_do_not_meet() {
    let __gochan_release = 1;
    let with_context = 2;
    let three = with_context!(ctx = background().with_cancel() => {
        assert!(ctx.err().is_none());
        __gochan_release + with_context
    });
    assert_eq!(three, 3);
}
