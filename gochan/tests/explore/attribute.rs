//! Row DL-08: how `#[gochan::test(explore = …)]` runs a test, how it reports a failure, and how the failure comes again.
//! What it finds is in `classics` and `programs`.

use gochan::prelude::*;
use gochan::test::wait;
use gochan::time::{self, sleep};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::panic_of;
use crate::common::process::{Outcome, scenarios};

const RUNS: u32 = 300;

fn attribute() -> gochan::__private::Test {
    gochan::__private::Test::new().explore(RUNS)
}

#[gochan::test(explore = 50)]
fn dl_08_time_is_virtual() {
    let start = time::now();
    let ch = chan!(u32);
    for i in 0..3 {
        go!([ch] {
            sleep(Duration::from_secs(3600 * (3 - u64::from(i))));
            send!(ch <- i);
        });
    }
    assert_eq!([recv!(ch), recv!(ch), recv!(ch)], [2, 1, 0]);
    assert_eq!(time::now() - start, Duration::from_secs(3 * 3600));
    go!([ch] ch.send(1));
    wait();
    assert_eq!(ch.try_recv(), Ok(1));
}

#[gochan::test(explore = 100)]
fn dl_08_loops_that_poll_are_not_starved() {
    let ch = chan!(i32, 1);
    go!([ch] ch.send(1));
    while ch.try_recv().is_err() {}
    let handle = go!({ 1 });
    while !handle.is_finished() {
        gochan::runtime::gosched();
    }
}

#[test]
fn dl_08_interleavings_differ_and_come_in_the_same_order_again() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    fn body() {
        let log = Arc::new(Mutex::new(String::new()));
        let handles: Vec<_> = ["a", "b", "c"]
            .into_iter()
            .map(|name| {
                go!([log] {
                    for _ in 0..3 {
                        log.lock().unwrap().push_str(name);
                        gochan::runtime::gosched();
                    }
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        SEEN.lock().unwrap().push(log.lock().unwrap().clone());
    }
    let explore = || {
        gochan::__private::Test::new().explore(100).run(body);
        std::mem::take(&mut *SEEN.lock().unwrap())
    };
    let first = explore();
    assert_eq!(first, explore());
    let mut distinct = first.clone();
    distinct.sort();
    distinct.dedup();
    assert!(distinct.len() > 20, "{distinct:?}");
}

#[test]
fn dl_08_work_without_end_is_told() {
    fn body() {
        let (a, b) = (chan!(()), chan!(()));
        go!([a, b] {
            for () in &a {
                send!(b <- ());
            }
        });
        loop {
            send!(a <- ());
            recv!(b);
        }
    }
    let text = panic_of(|| gochan::__private::Test::new().explore(1).timeout(600_000_000_000).run(body));
    assert!(text.contains("no end after 1000000 steps"), "{text}");
    assert!(text.contains(" steps …"), "{text}");
}

#[test]
fn dl_08_an_interleaving_that_does_not_end_is_named() {
    fn body() {
        let ready = Arc::new(AtomicBool::new(false));
        let ch = chan!(());
        go!([ready, ch] {
            ready.store(true, SeqCst);
            send!(ch <- ());
        });
        ch.recv();
        if RUN.fetch_add(1, SeqCst) == 3 {
            // Nothing that others could run at.
            std::thread::sleep(Duration::from_secs(5));
        }
    }
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let text = panic_of(|| gochan::__private::Test::new().explore(10).timeout(1_000_000_000).run(body));
    assert!(text.contains("the test has not ended after 1s"), "{text}");
    assert!(text.contains("this was interleaving 4 of 10, seed "), "{text}");
}

#[test]
fn dl_08_the_number_of_the_interleaving_is_that_of_the_run_that_failed() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static FAILED: AtomicUsize = AtomicUsize::new(0);
    fn body() {
        let run = RUNS.fetch_add(1, SeqCst) + 1;
        let log = Arc::new(Mutex::new(String::new()));
        for name in ["a", "b", "c", "d"] {
            go!([log] { log.lock().unwrap().push_str(name) });
        }
        wait();
        let reversed = *log.lock().unwrap() == "dcba";
        if reversed {
            let _ = FAILED.compare_exchange(0, run, SeqCst, SeqCst);
        }
        // Not a panic of the body, which would go on as it is.
        go!({ assert!(!reversed, "in reverse") });
    }
    let text = panic_of(|| attribute().run(body));
    assert!(FAILED.load(SeqCst) > 1, "the first run has failed");
    assert!(text.contains(&format!("interleaving {} of 300, seed ", FAILED.load(SeqCst))), "{text}");
}

/// Fails in some interleavings.
fn racy() {
    let ch = chan!(i32, 2);
    go!([ch] { send!(ch <- 1) });
    go!([ch] { send!(ch <- 2) });
    let (first, second) = (recv!(ch), recv!(ch));
    assert!(first < second, "{first} came before {second}");
}

fn explore_racy() {
    attribute().run(racy);
}

fn deterministic_only_in_name() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    fn body() {
        let ch = chan!(i32, 8);
        for i in 0..CALLS.fetch_add(1, SeqCst) {
            send!(ch <- i as i32);
        }
        assert!(CALLS.load(SeqCst) < 3);
    }
    attribute().run(body);
}

scenarios!(explore_racy, deterministic_only_in_name);

/// The seed and the story that a failing exploration has printed.
fn told(outcome: &Outcome) -> (String, String) {
    let (_, after) = outcome.stderr.split_once("GOCHAN_SEED=").expect("the seed is printed");
    let seed = after.split_whitespace().next().expect("a number").to_owned();
    let (_, story) = outcome.stderr.split_once("in this order:\n").expect("the story is told");
    (seed, story.split("to see it again").next().expect("before the end").to_owned())
}

#[test]
fn dl_08_a_failure_is_told_step_by_step_and_its_seed_brings_it_back() {
    let outcome = scenario("explore_racy").run();
    outcome.fails_saying(&["2 came before 1", "interleaving"]);
    let (seed, story) = told(&outcome);
    for step in ["begins", "go at", "send at", "recv at", "starts goroutine 2\n", "ends"] {
        assert!(story.contains(step), "no {step:?} in {story}");
    }
    assert!(story.contains(concat!(file!(), ":")), "{story}");
    let again = scenario("explore_racy").env("GOCHAN_SEED", &seed).run();
    again.fails_saying(&["2 came before 1"]);
    assert_eq!(told(&again), (seed.clone(), story));
    let other_seed = scenario("explore_racy").env("GOCHAN_EXPLORE", "1").env("GOCHAN_SEED", &seed).run();
    assert_eq!(told(&other_seed), told(&again));
}

#[test]
fn dl_08_a_test_that_depends_on_something_else_is_told_so() {
    scenario("deterministic_only_in_name").run().fails_saying(&["a second run of this seed went otherwise"]);
}

#[test]
fn dl_08_variables_that_make_no_sense_are_named() {
    let seed = scenario("explore_racy").env("GOCHAN_SEED", "xyz").run();
    seed.fails_saying(&["GOCHAN_SEED is `xyz`; it must be a number that a failing exploration has printed"]);
    let runs = scenario("explore_racy").env("GOCHAN_EXPLORE", "0").run();
    runs.fails_saying(&[
        "GOCHAN_EXPLORE is `0`; it must be the number of interleavings to run, or a list such as \
         `runs=100000,for=10m,jumps=5,strategy=priorities`: `0` is not a number of at least 1",
    ]);
    let timeout = scenario("explore_racy").env("GOCHAN_TEST_TIMEOUT", "5").run();
    timeout.fails_saying(&[
        "GOCHAN_TEST_TIMEOUT is `5`; it must be a time such as 500ms, 5s, 2m or 1h, or `off`",
    ]);
}
