//! Threads of the pools that have nothing to do: when they end, and what their thread-locals keep.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::common::process::scenarios;
use crate::common::until;
use gochan::blocking;
use gochan::prelude::*;
use gochan::runtime::metrics;

scenarios!(
    idle_threads_end,
    a_sender_in_a_thread_local,
    a_thread_local_that_sends,
    a_test_with_a_sender_in_a_thread_local,
    a_sender_in_a_thread_local_while_unwinding,
);

#[gochan::main]
fn idle_threads_end() {
    let calls: Vec<_> = (0..8).map(|_| go!({ blocking(|| {}) })).collect();
    calls.into_iter().for_each(|call| call.join().unwrap());
    blocking(|| until(|| metrics().blocking_threads <= 1 && metrics().goroutine_threads <= 1));
    println!("{}", blocking(|| 42));
}

#[test]
fn io_11_threads_end_when_they_have_been_idle() {
    scenario("idle_threads_end").run().prints("42\n");
}

thread_local! {
    static KEPT: RefCell<Option<Sender<u32>>> = const { RefCell::new(None) };
    static FAREWELL: RefCell<Option<Farewell>> = const { RefCell::new(None) };
}

/// Sends when it is dropped, and waits for that.
struct Farewell(Sender<u32>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.send(42).unwrap();
    }
}

/// Runs `f` on a thread of a pool, which keeps its thread-locals: that of a goroutine or of a call.
fn on_a_pool_thread(f: impl FnOnce() + Send + 'static) {
    go!({ blocking(f) }).join().unwrap();
}

#[gochan::main]
fn a_sender_in_a_thread_local() {
    for _ in 0..3 {
        let (tx, rx) = chan!(u32).split();
        on_a_pool_thread(move || KEPT.set(Some(tx)));
        println!("{:?}", rx.recv());
    }
    recv!(Chan::<u32>::nil());
}

#[gochan::main]
fn a_thread_local_that_sends() {
    let (tx, rx) = chan!(u32).split();
    on_a_pool_thread(move || FAREWELL.set(Some(Farewell(tx))));
    println!("{:?} {:?}", rx.recv(), rx.recv());
}

#[test]
fn dl_02_no_deadlock_while_a_thread_local_of_an_idle_thread_holds_the_sender() {
    let outcome = scenario("a_sender_in_a_thread_local").run();
    assert_eq!(outcome.stdout, "None\nNone\nNone\n", "{outcome:#?}");
    // Then it is one.
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    outcome.fails_saying(&["deadlock", "nil channel"]);
    scenario("a_thread_local_that_sends").run().prints("Some(42) None\n");
}

fn a_test_with_a_sender_in_a_thread_local() {
    gochan::__private::Test::new().run(|| {
        let (tx, rx) = chan!(u32).split();
        on_a_pool_thread(move || FAREWELL.set(Some(Farewell(tx))));
        println!("{:?} {:?}", rx.recv(), rx.recv());
    });
}

#[test]
fn dl_02_nor_in_a_test() {
    scenario("a_test_with_a_sender_in_a_thread_local").run().prints("Some(42) None\n");
}

#[gochan::main]
fn a_sender_in_a_thread_local_while_unwinding() {
    struct Receives(Receiver<u32>);
    impl Drop for Receives {
        fn drop(&mut self) {
            println!("{:?}", self.0.recv());
        }
    }
    let (tx, rx) = chan!(u32).split();
    on_a_pool_thread(move || KEPT.set(Some(tx)));
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let _receives = Receives(rx);
        panic!("unwinds");
    }));
    println!("{}", ended.is_err());
}

#[test]
fn dl_02_nor_while_a_panic_unwinds() {
    scenario("a_sender_in_a_thread_local_while_unwinding").run().prints("None\ntrue\n");
}
