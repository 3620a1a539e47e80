//! Rows CX-11 and CX-14: what contexts cost, in memory.

use std::hint::black_box;

use crate::common::patience;
use crate::counting::{alone, cost};
use gochan::context::CancelHandle;
use gochan::prelude::*;

const MANY: usize = 1_000_000;

#[test]
fn cx_11_a_million_children_leave_no_trace_at_their_parent() {
    let _alone = alone();
    let (parent, cancel) = background().with_cancel();
    let (_, bytes, ()) = cost(|| {
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
fn cx_11_functions_and_timers_leave_no_trace_either() {
    let _alone = alone();
    let (parent, cancel) = background().with_cancel();
    let one = |parent: &Context| {
        assert!(parent.after_func(|| ()).stop());
        let (child, child_cancel) = parent.with_timeout(patience());
        child_cancel.cancel();
        drop(child);
    };
    // The heap of timers may grow once.
    one(&parent);
    let (_, bytes, ()) = cost(|| (0..50_000).for_each(|_| one(&parent)));
    assert_eq!(bytes, 0);
    cancel.cancel();
}

#[test]
fn cx_14_deriving_is_one_allocation_and_asking_is_none() {
    let _alone = alone();
    let (parent, _cancel) = background().with_value(1_u8).with_cancel();
    let (allocations, bytes, ()) = cost(|| {
        let (child, cancel) = parent.with_cancel();
        cancel.cancel();
        black_box(child.err());
    });
    assert_eq!((allocations, bytes), (1, 0));
    assert_eq!(cost(|| drop(parent.with_value(2_u16))).0, 1);
    assert_eq!(cost(|| drop(parent.without_cancel())).0, 1);
    let (allocations, _, ()) = cost(|| {
        black_box((parent.err(), parent.deadline(), parent.value::<u8>(), parent.clone()));
        assert!(parent.check().is_ok() && background().done().is_nil());
    });
    assert_eq!(allocations, 0);
    // The done channel is made once.
    assert_eq!(cost(|| black_box(parent.done()).is_nil()).0, 1);
    assert_eq!(cost(|| black_box(parent.done()).is_nil()).0, 0);
}

#[test]
fn cx_14_a_handle_is_small() {
    assert_eq!(size_of::<Context>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<Option<Context>>(), size_of::<Context>());
    assert_eq!(size_of::<CancelHandle>(), size_of::<usize>());
}
