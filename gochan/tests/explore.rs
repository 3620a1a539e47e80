//! `#[gochan::test(explore = …)]`: DL-08. Small programs with the bugs that concurrent programs have, which it must
//! find, each beside its mended twin, which it must pass.

use gochan::prelude::*;
use gochan::test::wait;
use gochan::time::{self, sleep};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::time::Duration;

mod common;
use common::panic_of;
use common::process::{Outcome, scenario, scenarios};

/// Every bug must show within so many interleavings, and no mended program may fail in so many.
const RUNS: u32 = 300;

fn attribute() -> gochan::__private::Test {
    gochan::__private::Test::new().explore(RUNS)
}

/// Explores a program that has a bug; returns what it says of it.
#[track_caller]
fn finds(buggy: fn()) -> String {
    let text = panic_of(|| gochan::__private::Test::new().explore(RUNS).run(buggy));
    assert!(text.contains("what happened, in this order:"), "{text}");
    assert!(text.contains("GOCHAN_SEED="), "{text}");
    assert!(!text.contains("went otherwise"), "{text}");
    text
}

#[track_caller]
fn deadlocks(buggy: fn()) {
    let text = finds(buggy);
    assert!(text.contains("all goroutines of the test are asleep - deadlock!"), "{text}");
}

#[track_caller]
fn leaks(buggy: fn()) {
    let text = finds(buggy);
    assert!(text.contains("leaked"), "{text}");
}

#[track_caller]
fn panics(buggy: fn(), with: &str) {
    // The panic is the body's own, and goes on as it is.
    let text = panic_of(|| gochan::__private::Test::new().explore(RUNS).run(buggy));
    assert!(text.contains(with), "{text}");
}

#[track_caller]
fn passes(mended: fn()) {
    attribute().run(mended);
}

/// A waiter looks, finds nothing, and then begins to wait; the signal came in between and reached nobody.
mod lost_wake_up {
    use super::*;

    fn program(signal_is_kept: bool) {
        let ready = Arc::new(AtomicBool::new(false));
        // An unbuffered signal that is not waited for yet is gone.
        let signal = if signal_is_kept { chan!((), 1) } else { chan!(()) };
        go!([signal, ready] {
            ready.store(true, SeqCst);
            let _ = signal.try_send(());
        });
        let looked = ready.load(SeqCst);
        // Any operation on a channel: what is not one is no place to switch at.
        let closed = signal.is_closed();
        if !looked && !closed {
            recv!(signal);
        }
    }

    #[test]
    fn dl_08_is_found() {
        deadlocks(|| program(false));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// The goroutine counts itself up, which may be after the wait.
mod wait_before_add {
    use super::*;

    fn program(add_first: bool) {
        let wg = WaitGroup::new();
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            if add_first {
                wg.add(1);
            }
            go!([wg, done] {
                if !add_first {
                    wg.add(1);
                }
                defer!(wg.done());
                done.fetch_add(1, SeqCst);
            });
        }
        wg.wait();
        assert_eq!(done.load(SeqCst), 2, "not all are done");
    }

    #[test]
    fn dl_08_is_found() {
        let text = panic_of(|| attribute().run(|| program(false)));
        // The group sees some of these orders itself.
        assert!(text.contains("not all are done") || text.contains("WaitGroup misuse"), "{text}");
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// Whoever asks gives up after a while; the one who answers is left with nobody to take it.
mod send_after_timeout {
    use super::*;

    fn program(capacity: usize) {
        let answer = chan!(i32, capacity);
        let work = chan!(());
        go!([answer, work] {
            recv!(work);
            let _ = answer.send(42);
        });
        let asked = chan!((), 1);
        go!([asked, work] {
            sleep(Duration::from_secs(1));
            close!(work);
            send!(asked <- ());
        });
        select! {
            _ = <-answer => {}
            <-after(Duration::from_secs(1)) => {}
        }
        recv!(asked);
        // The handle outlives the call, as one in a struct would.
        std::mem::forget(answer);
    }

    #[test]
    fn dl_08_is_found() {
        leaks(|| program(0));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(1));
    }
}

/// Two find the channel open, and both close it.
mod double_close {
    use super::*;

    fn program(ask_first: bool) {
        let ch = chan!(i32);
        let closers: Vec<_> = (0..2)
            .map(|_| {
                go!([ch] {
                    if ask_first {
                        if !ch.is_closed() {
                            close!(ch);
                        }
                    } else {
                        ch.close();
                    }
                })
            })
            .collect();
        for closer in closers {
            if let Err(payload) = closer.join() {
                std::panic::resume_unwind(payload);
            }
        }
    }

    #[test]
    fn dl_08_is_found() {
        panics(|| program(true), "close of closed channel");
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(false));
    }
}

/// Two mutexes, taken in different orders.
mod mutex_order {
    use super::*;
    use gochan::sync::Mutex;

    fn program(in_order: bool) {
        let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
        let transfer = |from: usize, to: usize| {
            let accounts = accounts.clone();
            go!({
                let (first, second) = if in_order { (from.min(to), from.max(to)) } else { (from, to) };
                let (mut first, mut second) = (accounts[first].lock(), accounts[second].lock());
                *first -= 1;
                *second += 1;
            })
        };
        let handles = [transfer(0, 1), transfer(1, 0)];
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        assert_eq!(*accounts[0].lock() + *accounts[1].lock(), 20);
    }

    #[test]
    fn dl_08_is_found() {
        let text = finds(|| program(false));
        assert!(text.contains("deadlock!") && text.matches("waits in Mutex lock at").count() >= 2, "{text}");
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// A condition is looked at in one critical section, and waited for in another.
mod lost_signal {
    use super::*;
    use gochan::sync::{Cond, Mutex};

    fn program(looks_while_locked: bool) {
        let shared = Arc::new((Mutex::new(false), Cond::new()));
        let waiter = go!([shared] {
            let (ready, signal) = &*shared;
            if looks_while_locked {
                drop(signal.wait_while(ready.lock(), |ready| !*ready));
            } else if !*ready.lock() {
                drop(signal.wait(ready.lock()));
            }
        });
        *shared.0.lock() = true;
        shared.1.signal();
        waiter.join().unwrap();
    }

    #[test]
    fn dl_08_is_found() {
        deadlocks(|| program(false));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// Two goroutines take the two permits that each of them needs one by one.
mod permits_one_by_one {
    use super::*;
    use gochan::sync::Semaphore;

    fn program(together: bool) {
        let semaphore = Arc::new(Semaphore::new(2));
        let handles: Vec<_> = (0..2)
            .map(|_| {
                go!([semaphore] {
                    let ctx = background();
                    if together {
                        semaphore.acquire(&ctx, 2).unwrap();
                    } else {
                        semaphore.acquire(&ctx, 1).unwrap();
                        semaphore.acquire(&ctx, 1).unwrap();
                    }
                    semaphore.release(2);
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    }

    #[test]
    fn dl_08_is_found() {
        deadlocks(|| program(false));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// Two locks, taken in different orders; a lock is a channel with room for one token.
mod lock_order {
    use super::*;

    fn program(in_order: bool) {
        let (a, b) = (chan!((), 1), chan!((), 1));
        let both = |first: Chan<()>, second: Chan<()>| {
            move || {
                send!(first <- ());
                send!(second <- ());
                recv!(second);
                recv!(first);
            }
        };
        let one = both(a.clone(), b.clone());
        let other = if in_order { both(a, b) } else { both(b, a) };
        let handles = [go!(one()), go!(other())];
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    }

    #[test]
    fn dl_08_is_found() {
        deadlocks(|| program(false));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// One holds a lock while it sends to the other, who wants the lock before it receives.
mod lock_across_a_channel {
    use super::*;

    fn program(send_outside: bool) {
        let (lock, values) = (chan!((), 1), chan!(i32));
        let sender = go!([lock, values] {
            send!(lock <- ());
            if !send_outside {
                send!(values <- 1);
            }
            recv!(lock);
            if send_outside {
                send!(values <- 1);
            }
        });
        let receiver = go!([lock, values] {
            send!(lock <- ());
            recv!(lock);
            recv!(values)
        });
        sender.join().unwrap();
        assert_eq!(receiver.join().unwrap(), 1);
    }

    #[test]
    fn dl_08_is_found() {
        deadlocks(|| program(false));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// Waits for all who send before it receives what they send.
mod wait_then_drain {
    use super::*;

    fn program(close_in_background: bool) {
        // Room for one: mostly that is enough.
        let results = chan!(i32, 1);
        let wg = WaitGroup::new();
        for i in 0..2 {
            let results = results.clone();
            drop(wg.go(move || {
                // Only the first counts.
                if results.is_empty() {
                    send!(results <- i);
                }
            }));
        }
        if close_in_background {
            go!([wg, results] {
                wg.wait();
                close!(results);
            });
        } else {
            wg.wait();
            close!(results);
        }
        assert!(results.iter().count() >= 1);
    }

    #[test]
    fn dl_08_is_found() {
        deadlocks(|| program(false));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// A worker looks whether it is cancelled, and then waits for work only.
mod missed_cancel {
    use super::*;

    fn program(selects: bool) {
        let (ctx, cancel) = background().with_cancel();
        let jobs = chan!(i32);
        go!([ctx, jobs] {
            while ctx.err().is_none() {
                if selects {
                    select! {
                        _ = <-jobs => {}
                        <-ctx.done() => {}
                    }
                } else {
                    recv!(jobs);
                }
            }
        });
        // Takes the one job that there is, or it does not come to it.
        let _ = jobs.send_timeout(1, Duration::from_secs(1));
        cancel.cancel();
        std::mem::forget(jobs);
    }

    #[test]
    fn dl_08_is_found() {
        leaks(|| program(false));
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// A shared count is read, and written in a later step.
mod lost_update {
    use super::*;

    fn program(holds_token: bool) {
        let (count, token) = (chan!(i32, 1), chan!((), 1));
        send!(count <- 0);
        send!(token <- ());
        let handles: Vec<_> = (0..2)
            .map(|_| {
                go!([count, token] {
                    if holds_token {
                        recv!(token);
                    }
                    let now = recv!(count);
                    send!(count <- now);
                    let _ = recv!(count);
                    send!(count <- now + 1);
                    if holds_token {
                        send!(token <- ());
                    }
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        assert_eq!(recv!(count), 2, "an update is lost");
    }

    #[test]
    fn dl_08_is_found() {
        panics(|| program(false), "an update is lost");
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// Of two ready arms the program counts on the first.
mod select_is_not_a_priority {
    use super::*;

    fn program(biased: bool) {
        let (urgent, other) = (chan!(i32, 1), chan!(i32, 1));
        send!(urgent <- 1);
        send!(other <- 2);
        let first = if biased {
            select! {
                biased;
                v = <-urgent => v,
                v = <-other => v,
            }
        } else {
            select! {
                v = <-urgent => v,
                v = <-other => v,
            }
        };
        assert_eq!(first, 1, "the other came first");
    }

    #[test]
    fn dl_08_is_found() {
        panics(|| program(false), "the other came first");
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(true));
    }
}

/// A bug that needs four goroutines in one certain order.
mod four_in_a_row {
    use super::*;

    fn program(checks: bool) {
        let log = Arc::new(Mutex::new(String::new()));
        let start = chan!(());
        let handles: Vec<_> = ["a", "b", "c", "d"]
            .into_iter()
            .map(|name| {
                go!([start, log] {
                    start.recv();
                    log.lock().unwrap().push_str(name);
                })
            })
            .collect();
        close!(start);
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        assert!(!checks || *log.lock().unwrap() != "dbca", "the one order");
    }

    #[test]
    fn dl_08_is_found() {
        panics(|| program(true), "the one order");
    }

    #[test]
    fn dl_08_is_not_found_where_it_is_not() {
        passes(|| program(false));
    }
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
    assert!(story.contains("tests/explore.rs:"), "{story}");
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
