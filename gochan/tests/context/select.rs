//! Contexts as arms of `select!`. Rows CX-14 and CX-16, as the work that contexts govern sees them.

use std::time::Duration;

use crate::common::{MOMENT, on_threads, patience, until, until_waiting};
use gochan::context::ContextError;
use gochan::prelude::*;

#[gochan::test]
fn cx_14_a_select_leaves_by_the_done_arm() {
    let (ctx, cancel) = background().with_cancel();
    let jobs = chan!(u32);
    let worker = go!([ctx, jobs] {
        let mut sum = 0;
        loop {
            select! {
                job = <-jobs => sum += job,
                <-ctx.done() => return (sum, ctx.err()),
            }
        }
    });
    (1..=4).for_each(|job| send!(jobs <- job));
    until_waiting(&worker);
    cancel.cancel();
    assert_eq!(worker.join().unwrap(), (10, Some(ContextError::Canceled)));
}

#[gochan::test]
fn cx_14_the_done_arm_of_a_context_that_never_ends_is_off() {
    let ctx = background();
    let ready = chan!(u32, 1);
    for _ in 0..100 {
        send!(ready <- 1);
        let got = select! {
            <-ctx.done() => 0,
            value = <-ready => value,
        };
        assert_eq!(got, 1);
    }
    let off = select! {
        <-ctx.done() => false,
        default => true,
    };
    assert!(off);
}

#[gochan::test]
fn cx_14_a_value_that_was_not_sent_is_still_there_after_the_end() {
    let (ctx, _cancel) = background().with_timeout(MOMENT);
    let out = chan!(String);
    let job = "job".to_owned();
    let left = select! {
        out <- job => None,
        <-ctx.done() => Some(job),
    };
    assert_eq!(left.as_deref(), Some("job"));
    assert_eq!(ctx.err(), Some(ContextError::DeadlineExceeded));
}

#[gochan::test]
fn cx_14_a_derived_context_may_be_a_temporary() {
    let (ctx, cancel) = background().with_cancel();
    cancel.cancel();
    select! {
        <-ctx.with_value(1).without_cancel().done() => panic!("that never ends"),
        <-ctx.with_value(1).done() => {}
    }
}

#[gochan::test]
fn cx_14_several_contexts_in_one_select() {
    let (request, _request_cancel) = background().with_timeout(patience());
    let (server, server_cancel) = background().with_cancel();
    let waiting = go!([request, server] {
        select! {
            <-request.done() => "request",
            <-server.done() => "server",
        }
    });
    until_waiting(&waiting);
    server_cancel.cancel();
    assert_eq!(waiting.join().unwrap(), "server");
}

#[gochan::test]
fn cx_16_ten_thousand_selects_on_one_context_are_released() {
    let goroutines = if on_threads() { 500 } else { 10_000 };
    let (ctx, cancel) = background().with_cancel();
    let jobs = chan!(u32);
    let started = gochan::runtime::num_goroutine();
    let waiting: Vec<_> = (0..goroutines)
        .map(|_| {
            go!([ctx, jobs] {
                select! {
                    _ = <-jobs => false,
                    <-ctx.done() => ctx.err().is_some(),
                }
            })
        })
        .collect();
    waiting.last().into_iter().for_each(until_waiting);
    cancel.cancel();
    assert!(waiting.into_iter().all(|goroutine| goroutine.join().unwrap()));
    // They have left the channel, too.
    assert!(jobs.try_send(1).is_err());
    until(|| gochan::runtime::num_goroutine() <= started);
}

#[gochan::test]
fn cx_05_a_select_runs_into_the_deadline() {
    let (ctx, _cancel) = background().with_timeout(Duration::from_millis(20));
    let never = chan!(());
    let err = select! {
        <-never => None,
        <-ctx.done() => ctx.err(),
    };
    assert_eq!(err, Some(ContextError::DeadlineExceeded));
}
