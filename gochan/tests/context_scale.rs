//! Rows CX-11, CX-14 and CX-16: what contexts cost, in memory, and how large a tree may be.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::thread;

use common::{on_threads, patience, until, watchdog};
use gochan::JoinHandle;
use gochan::context::CancelHandle;
use gochan::prelude::*;

/// Counts what each thread allocates.
struct Counting;

thread_local! {
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.set(LIVE_BYTES.get() + layout.size() as isize);
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE_BYTES.set(LIVE_BYTES.get() - layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations made by `f`, and bytes that it leaves allocated, on this thread.
fn cost_of<T>(f: impl FnOnce() -> T) -> (usize, isize, T) {
    let (allocations, bytes) = (ALLOCATIONS.get(), LIVE_BYTES.get());
    let result = f();
    (ALLOCATIONS.get() - allocations, LIVE_BYTES.get() - bytes, result)
}

const MANY: usize = 1_000_000;

#[test]
fn cx_11_a_million_children_leave_no_trace_at_their_parent() {
    let _watchdog = watchdog();
    let (parent, cancel) = background().with_cancel();
    let (_, bytes, ()) = cost_of(|| {
        for turn in 0..MANY {
            let (child, child_cancel) = parent.with_cancel();
            match turn % 4 {
                0 => child_cancel.cancel(),
                1 => drop(child_cancel),
                2 => drop(child),
                _ => assert!(!child.done().is_closed()),
            }
        }
    });
    assert_eq!(bytes, 0);
    cancel.cancel();
}

#[test]
fn cx_11_children_leave_in_constant_time_among_many_others() {
    let _watchdog = watchdog();
    let (parent, cancel) = background().with_cancel();
    // Leaving by a search through hundreds of thousands, as often, would not come to an end in time.
    let mut children: Vec<_> = (0..300_000).map(|_| parent.with_cancel()).collect();
    let mut random = common::seeded();
    random.shuffle(&mut children);
    let half = children.split_off(150_000);
    drop(half);
    assert!(children.iter().all(|(child, _)| child.err().is_none()));
    cancel.cancel();
    assert!(children.iter().all(|(child, _)| child.err().is_some()));
}

#[test]
fn cx_11_functions_and_timers_leave_no_trace_either() {
    let _watchdog = watchdog();
    let (parent, cancel) = background().with_cancel();
    let one = |parent: &Context| {
        assert!(parent.after_func(|| ()).stop());
        let (child, child_cancel) = parent.with_timeout(patience());
        child_cancel.cancel();
        drop(child);
    };
    // The heap of timers may grow once.
    one(&parent);
    let (_, bytes, ()) = cost_of(|| (0..50_000).for_each(|_| one(&parent)));
    assert_eq!(bytes, 0);
    cancel.cancel();
}

#[test]
fn cx_14_deriving_is_one_allocation_and_asking_is_none() {
    let _watchdog = watchdog();
    let (parent, _cancel) = background().with_value(1_u8).with_cancel();
    let (allocations, bytes, ()) = cost_of(|| {
        let (child, cancel) = parent.with_cancel();
        cancel.cancel();
        black_box(child.err());
    });
    assert_eq!((allocations, bytes), (1, 0));
    assert_eq!(cost_of(|| drop(parent.with_value(2_u16))).0, 1);
    assert_eq!(cost_of(|| drop(parent.without_cancel())).0, 1);
    let (allocations, _, ()) = cost_of(|| {
        black_box((parent.err(), parent.deadline(), parent.value::<u8>(), parent.clone()));
        assert!(parent.check().is_ok() && background().done().is_nil());
    });
    assert_eq!(allocations, 0);
    // The done channel is made once.
    assert_eq!(cost_of(|| black_box(parent.done()).is_nil()).0, 1);
    assert_eq!(cost_of(|| black_box(parent.done()).is_nil()).0, 0);
}

#[test]
fn cx_14_a_handle_is_small() {
    assert_eq!(size_of::<Context>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<Option<Context>>(), size_of::<Context>());
    assert_eq!(size_of::<CancelHandle>(), size_of::<usize>());
}

#[test]
fn cx_16_ten_thousand_goroutines_leave_on_cancel() {
    let _watchdog = watchdog();
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

#[test]
fn cx_16_a_chain_of_a_hundred_thousand_is_cancelled_and_dropped() {
    let _watchdog = watchdog();
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

#[test]
fn cx_16_a_chain_that_is_only_dropped() {
    let _watchdog = watchdog();
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

#[test]
fn cx_16_a_chain_of_values_is_dropped_and_printed() {
    let _watchdog = watchdog();
    on_a_small_stack(|| {
        let ctx = (0..DEEP).fold(background(), |ctx, number| ctx.with_value(number));
        assert_eq!(ctx.value(), Some(&(DEEP - 1)));
        assert_eq!(ctx.value::<u8>(), None);
        assert!(ctx.to_string().len() > DEEP);
    });
}

#[test]
fn cx_16_a_goroutine_cancels_a_tree_of_a_hundred_thousand() {
    let _watchdog = watchdog();
    let mut random = common::seeded();
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
