//! Rows CX-11 and CX-16: how large a tree may be.

use std::thread;

use crate::common::{on_threads, until, watchdog};
use gochan::JoinHandle;
use gochan::context::CancelHandle;
use gochan::prelude::*;

#[gochan::test]
fn cx_11_children_leave_in_constant_time_among_many_others() {
    let (parent, cancel) = background().with_cancel();
    // Leaving by a search through hundreds of thousands, as often, would not come to an end in time.
    let mut children: Vec<_> = (0..300_000).map(|_| parent.with_cancel()).collect();
    let mut random = crate::common::seeded();
    random.shuffle(&mut children);
    let half = children.split_off(150_000);
    drop(half);
    assert!(children.iter().all(|(child, _)| child.err().is_none()));
    cancel.cancel();
    assert!(children.iter().all(|(child, _)| child.err().is_some()));
}

#[gochan::test]
fn cx_16_ten_thousand_goroutines_leave_on_cancel() {
    let goroutines = if on_threads() { 500 } else { 10_000 };
    let (ctx, cancel) = background().with_cancel();
    let (ready, started) = (WaitGroup::new(), gochan::runtime::num_goroutine());
    let waiting: Vec<JoinHandle<_>> = (0..goroutines)
        .map(|_| {
            ready.add(1);
            go!([ctx, ready] {
                ready.done();
                (ctx.done().recv(), ctx.err().is_some())
            })
        })
        .collect();
    ready.wait();
    cancel.cancel();
    for goroutine in waiting {
        assert_eq!(goroutine.join().unwrap(), (None, true));
    }
    until(|| gochan::runtime::num_goroutine() <= started);
}

/// Contexts each below the one before, and their handles.
fn chain(length: usize) -> (Vec<Context>, Vec<CancelHandle>) {
    let mut contexts = vec![background()];
    let mut handles = Vec::new();
    for turn in 0..length {
        let (child, handle) = contexts[turn].with_cancel();
        contexts.push(if turn % 10 == 0 { child.with_value(turn) } else { child });
        handles.push(handle);
    }
    (contexts, handles)
}

const DEEP: usize = 100_000;

/// Runs `f` on a stack that any recursion over a deep tree would overflow.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(64 << 10).spawn(f).unwrap().join().unwrap();
}

#[gochan::test]
fn cx_16_a_chain_of_a_hundred_thousand_is_cancelled_and_dropped() {
    on_a_small_stack(|| {
        let (contexts, handles) = chain(DEEP);
        handles[0].cancel();
        assert!(contexts[1..].iter().all(|ctx| ctx.err().is_some()));
        let last = contexts.last().cloned();
        drop(contexts);
        drop(handles);
        drop(last);
    });
}

#[gochan::test]
fn cx_16_a_chain_that_is_only_dropped() {
    on_a_small_stack(|| {
        // The first handle's drop cancels all the others.
        drop(chain(DEEP));
        // Only the last context keeps the whole chain.
        let (mut contexts, handles) = chain(DEEP);
        let last = contexts.pop();
        drop(contexts);
        handles.into_iter().rev().for_each(drop);
        drop(last);
    });
}

#[gochan::test]
fn cx_16_a_chain_of_values_is_dropped_and_printed() {
    on_a_small_stack(|| {
        let ctx = (0..DEEP).fold(background(), |ctx, number| ctx.with_value(number));
        assert_eq!(ctx.value(), Some(&(DEEP - 1)));
        assert_eq!(ctx.value::<u8>(), None);
        assert!(ctx.to_string().len() > DEEP);
    });
}

#[gochan::test]
fn cx_16_a_goroutine_cancels_a_tree_of_a_hundred_thousand() {
    let mut random = crate::common::seeded();
    let mut tree = vec![background().with_cancel()];
    for number in 1..DEEP {
        // Deep and wide: half are below the newest, the others anywhere.
        let parent = if random.bool() { number - 1 } else { random.usize(..number) };
        let child = tree[parent].0.with_cancel();
        tree.push(child);
    }
    let (root, cancel) = tree[0].clone();
    let tree = go!({
        cancel.cancel();
        assert!(tree.iter().all(|(ctx, _)| ctx.err().is_some()));
        tree
    });
    drop(tree.join().unwrap());
    assert!(root.err().is_some());
}

#[test]
fn cx_16_wide_trees_shrink_and_grow_while_they_are_cancelled() {
    let _watchdog = watchdog();
    for _ in 0..20 {
        let (root, cancel) = background().with_cancel();
        let children: Vec<_> = (0..2_000).map(|_| root.with_cancel()).collect();
        let others: Vec<_> = (0..2)
            .map(|_| {
                let root = root.clone();
                thread::spawn(move || {
                    while root.err().is_none() {
                        let (child, _cancel) = root.with_cancel();
                        let _grandchild = child.with_cancel();
                    }
                })
            })
            .collect();
        let dropping = thread::spawn(move || drop(children));
        thread::yield_now();
        cancel.cancel();
        dropping.join().unwrap();
        others.into_iter().for_each(|other| other.join().unwrap());
    }
}
