//! Row GO-16: scopes.

use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::common::panic_of;
use gochan::prelude::*;
use gochan::{runtime, scope};

#[gochan::test]
fn go_16_scope_waits_for_children_that_borrow_and_change_locals() {
    let words = ["a".to_owned(), "bb".to_owned(), "ccc".to_owned()];
    let mut lengths = vec![0; 3];
    let returned = scope(|s| {
        for (word, length) in words.iter().zip(&mut lengths) {
            s.go(move || {
                runtime::gosched();
                *length = word.len();
            });
        }
        "the closure's value"
    });
    assert_eq!(returned, "the closure's value");
    assert_eq!(lengths, [1, 2, 3]);
}

#[gochan::test]
fn go_16_scope_waits_when_its_closure_panics() {
    let gate = chan!(());
    let finished = AtomicUsize::new(0);
    let said = panic_of(|| {
        scope(|s| {
            for _ in 0..3 {
                s.go(|| {
                    recv!(gate);
                    finished.fetch_add(1, SeqCst);
                });
            }
            defer!(close!(gate));
            panic!("the closure panicked");
        });
    });
    assert_eq!(said, "the closure panicked");
    assert_eq!(finished.load(SeqCst), 3);
}

#[gochan::test]
fn go_16_scope_raises_a_childs_panic_after_all_have_ended() {
    let finished = AtomicUsize::new(0);
    let panicked = chan!(());
    let said = panic_of(|| {
        scope(|s| {
            s.go(|| {
                defer!(close!(panicked));
                panic!("a child panicked");
            });
            for _ in 0..3 {
                s.go(|| {
                    recv!(panicked);
                    runtime::gosched();
                    finished.fetch_add(1, SeqCst);
                });
            }
        });
    });
    assert_eq!(said, "a child panicked");
    assert_eq!(finished.load(SeqCst), 3);
}

#[gochan::test]
fn go_16_scope_ends_when_the_result_of_a_child_panics_on_being_dropped() {
    struct Dropped<'a>(&'a Chan<()>);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            close!(self.0);
            panic!("nobody took the result");
        }
    }
    let (go_on, dropped) = (chan!(()), chan!(()));
    let said = panic_of(|| {
        scope(|s| {
            drop(s.go(|| {
                recv!(go_on);
                Dropped(&dropped)
            }));
            close!(go_on);
        });
    });
    assert_eq!(said, "nobody took the result");
    assert!(dropped.is_closed());
}

#[gochan::test]
fn go_16_scopes_nest_and_children_start_children() {
    let count = AtomicUsize::new(0);
    scope(|s| {
        for _ in 0..4 {
            s.go(|| {
                scope(|s| {
                    for _ in 0..4 {
                        s.go(|| {
                            count.fetch_add(1, SeqCst);
                        });
                    }
                });
                assert!(count.load(SeqCst) >= 4);
            });
        }
    });
    assert_eq!(count.load(SeqCst), 16);
}
