//! Rows CX-08, CX-09 and CX-17: values, contexts without an end, and how contexts print.

use std::sync::Arc;

use crate::common::{Ledger, Tracked, patience};
use gochan::context::{ContextError, todo};
use gochan::prelude::*;
use std::time::{Duration, Instant};

#[derive(Debug, PartialEq)]
struct TraceId(u64);
#[derive(Debug, PartialEq)]
struct UserId(u64);

#[gochan::test]
fn cx_08_a_value_is_found_by_its_type() {
    let ctx = background().with_value(TraceId(1)).with_value(UserId(2)).with_value("text").with_value(3_u8);
    assert_eq!(ctx.value(), Some(&TraceId(1)));
    assert_eq!(ctx.value(), Some(&UserId(2)));
    assert_eq!(ctx.value::<&str>(), Some(&"text"));
    assert_eq!(ctx.value::<u8>(), Some(&3));
}

#[gochan::test]
fn cx_08_what_was_not_given_is_not_there() {
    let ctx = background().with_value(TraceId(1)).with_value(3_u8);
    assert_eq!(ctx.value::<u64>(), None);
    assert_eq!(ctx.value::<i8>(), None);
    assert_eq!(ctx.value::<UserId>(), None);
    assert_eq!(todo().value::<TraceId>(), None);
}

#[gochan::test]
fn cx_08_the_nearest_value_wins_and_those_above_keep_theirs() {
    let outer = background().with_value(TraceId(1));
    let (middle, _cancel) = outer.with_value(UserId(5)).with_cancel();
    let inner = middle.with_value(TraceId(2));
    let beside = outer.with_value(TraceId(3));
    assert_eq!(inner.value(), Some(&TraceId(2)));
    assert_eq!(inner.value(), Some(&UserId(5)));
    assert_eq!(middle.value(), Some(&TraceId(1)));
    assert_eq!(outer.value(), Some(&TraceId(1)));
    assert_eq!(beside.value(), Some(&TraceId(3)));
    assert_eq!(beside.value::<UserId>(), None);
}

#[gochan::test]
fn cx_08_every_derivation_keeps_the_values() {
    let root = background().with_value(TraceId(7));
    let (cancelled, cancel) = root.with_cancel();
    let (timed, _timed) = cancelled.with_timeout(patience());
    let (dated, _dated) = timed.with_deadline(Instant::now() + patience());
    let cut = dated.without_cancel();
    let (below, _below) = cut.with_cancel_cause();
    let sourced = below.with_source(Receiver::nil());
    cancel.cancel();
    for ctx in [&cancelled, &timed, &dated, &cut, &below, &sourced] {
        assert_eq!(ctx.value(), Some(&TraceId(7)), "{ctx}");
    }
}

#[gochan::test]
fn cx_08_values_of_any_size_and_alignment() {
    #[derive(Debug, PartialEq)]
    #[repr(align(128))]
    struct Aligned(u8);
    #[derive(Debug, PartialEq)]
    struct Nothing;
    let ctx = background().with_value(Aligned(9)).with_value(Nothing).with_value([7_u8; 70_000]);
    let aligned = ctx.value::<Aligned>().unwrap();
    assert_eq!((aligned, std::ptr::from_ref(aligned).addr() % 128), (&Aligned(9), 0));
    assert_eq!(ctx.value(), Some(&Nothing));
    assert!(ctx.value::<[u8; 70_000]>().unwrap().iter().all(|byte| *byte == 7));
}

#[gochan::test]
fn cx_08_values_last_as_long_as_the_contexts_below() {
    let ledger = Ledger::default();
    let ctx = background().with_value(ledger.value(1));
    let (child, cancel) = ctx.with_cancel();
    let leaf = child.with_value(0_u8);
    drop((ctx, child));
    cancel.cancel();
    drop(cancel);
    assert_eq!(ledger.dropped(), 0);
    let goroutine = go!(move || { leaf.value::<Tracked>().map(|value| value.number) }());
    assert_eq!(goroutine.join().unwrap(), Some(1));
    ledger.balances();
}

#[gochan::test]
fn cx_08_scopes_lie_in_no_values_way() {
    let root = background().with_value(TraceId(1));
    let mut handles = Vec::new();
    let mut ctx = root;
    for _ in 0..200_000 {
        let (child, handle) = ctx.with_cancel();
        handles.push(handle);
        ctx = child;
    }
    // As many scopes, as many times: only a search that skips them comes to an end in time.
    assert!((0..200_000).all(|_| ctx.value() == Some(&TraceId(1))));
    // The innermost first, or the outermost's drop would end all below at once.
    handles.into_iter().rev().for_each(drop);
}

#[gochan::test]
fn cx_09_without_cancel_keeps_values_and_loses_end_and_deadline() {
    let (parent, cancel) = background().with_value(TraceId(1)).with_timeout(patience());
    let cut = parent.without_cancel();
    let (below, below_cancel) = cut.with_cancel();
    assert!(parent.deadline().is_some());
    assert_eq!((cut.deadline(), below.deadline()), (None, None));
    assert!(cut.done().is_nil());
    cancel.cancel_cause("over");
    assert_eq!((cut.err(), below.err()), (None, None));
    assert!(cut.cause().is_none());
    assert_eq!(below.value(), Some(&TraceId(1)));
    // One that is cut off an ended parent lives, too.
    assert_eq!(parent.without_cancel().with_value(2).err(), None);
    below_cancel.cancel();
    assert_eq!(below.err(), Some(ContextError::Canceled));
}

#[gochan::test]
fn cx_17_contexts_print_their_chain() {
    let (ctx, _cancel) = background().with_cancel();
    assert_eq!(ctx.to_string(), "context.Background.WithCancel");
    let (ctx, _cancel) = ctx.with_cancel_cause();
    assert_eq!(ctx.to_string(), "context.Background.WithCancel.WithCancel");
    assert_eq!(ctx.without_cancel().to_string(), "context.Background.WithCancel.WithCancel.WithoutCancel");
    let valued = todo().with_value(TraceId(1));
    assert_eq!(valued.to_string(), "context.TODO.WithValue(context::values::TraceId, …)");
    let (ctx, _cancel) = valued.with_cancel();
    assert_eq!(ctx.to_string(), "context.TODO.WithValue(context::values::TraceId, …).WithCancel");
    let sourced = Context::from_source(Receiver::nil());
    assert_eq!(sourced.to_string(), "context.Background.WithSource");
}

#[gochan::test]
fn cx_17_a_deadline_prints_when_it_is_and_what_is_left() {
    let (ctx, _cancel) = background().with_timeout(Duration::from_secs(100 * 3600));
    let name = ctx.to_string();
    let rest = name.strip_prefix("context.Background.WithDeadline(").expect(&name);
    let (when, left) = rest.strip_suffix("])").and_then(|rest| rest.split_once(" [")).expect(&name);
    assert!(when.starts_with("20") && when.ends_with(" +0000 UTC"), "{name}");
    assert!(left.starts_with("99h59m59.") && left.ends_with('s'), "{name}");
    // A deadline later than the parent's is none.
    let (child, _child_cancel) = ctx.with_timeout(Duration::from_secs(101 * 3600));
    assert!(child.to_string().ends_with("]).WithCancel"), "{child}");
}

#[gochan::test]
fn cx_17_debug_shows_the_state() {
    let (ctx, cancel) = background().with_cancel();
    assert_eq!(
        format!("{ctx:?}"),
        "Context { name: context.Background.WithCancel, err: None, deadline: None }"
    );
    cancel.cancel_cause("enough");
    assert_eq!(
        format!("{ctx:?}"),
        "Context { name: context.Background.WithCancel, err: Some(Canceled), cause: \"enough\", deadline: None }"
    );
    assert_eq!(format!("{cancel:?}"), "CancelHandle { handles: 1, err: Some(Canceled) }");
}

#[test]
fn cx_17_errors_print_as_in_go() {
    assert_eq!(ContextError::Canceled.to_string(), "context canceled");
    assert_eq!(ContextError::DeadlineExceeded.to_string(), "context deadline exceeded");
    let error: Arc<dyn std::error::Error + Send + Sync> = Arc::new(ContextError::Canceled);
    assert!(error.source().is_none());
}
