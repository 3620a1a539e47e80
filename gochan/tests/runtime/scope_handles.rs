//! The handle of a scope's goroutine as the scope's value.

use gochan::prelude::*;

#[gochan::test]
fn go_16_a_scope_may_end_with_the_start_of_a_goroutine() {
    let ch = chan!(i32, 1);
    gochan::scope(|s| s.go(|| send!(ch <- 1)));
    assert_eq!(ch.try_recv(), Ok(1));
}

#[gochan::test]
fn go_16_a_result_can_be_taken_after_the_scope() {
    let words = ["share".to_owned(), "by".to_owned(), "communicating".to_owned()];
    let longest = gochan::scope(|s| s.go(|| words.iter().max_by_key(|word| word.len())));
    assert_eq!(longest.join().unwrap().unwrap(), "communicating");
}

#[gochan::test]
fn go_16_handles_leave_the_scope_together() {
    let numbers = [1, 2, 3];
    let handles = gochan::scope(|s| numbers.each_ref().map(|n| s.go(move || 10 * n)));
    assert_eq!(handles.map(|handle| handle.join().unwrap()), [10, 20, 30]);
}

#[gochan::test]
fn go_16_a_panic_is_raised_by_the_scope_that_a_handle_would_leave() {
    let scope = || gochan::scope(|s| s.go(|| -> i32 { panic!("the child's") }));
    let payload = std::panic::catch_unwind(scope).map(drop).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the child's"));
}
