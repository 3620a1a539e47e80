//! Rows GO-21 and GO-22: blocking calls and joins.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;
use std::time::Duration;

use crate::common::{MOMENT, message, on_threads, panic_of, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::{blocking, runtime};

const LONG: Duration = Duration::from_secs(3600);

#[gochan::test]
fn go_21_the_panic_of_a_blocking_call_is_the_callers() {
    let goroutine = go!({
        blocking(|| panic!("in the call"));
    });
    assert_eq!(message(&*goroutine.join().unwrap_err()), "in the call");
    assert_eq!(panic_of(|| blocking(|| panic!("from a thread"))), "from a thread");
}

#[gochan::test]
fn go_21_a_blocking_call_is_the_callers_goroutine_on_either_backend() {
    let ended = go!({ blocking(|| runtime::goexit()) });
    assert!(ended.join().unwrap_err().is::<runtime::Goexit>());
    let same = go!({ blocking(runtime::current_id) == runtime::current_id() });
    assert!(same.join().unwrap());
}

#[test]
fn go_21_a_thousand_blocking_calls_at_once_all_return() {
    let _watchdog = watchdog();
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let goroutines: Vec<_> = (0..1000)
        .map(|number| {
            go!([running, most] {
                blocking(move || {
                    most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                    thread::sleep(Duration::from_millis(1));
                    running.fetch_sub(1, SeqCst);
                    number
                })
            })
        })
        .collect();
    for (number, goroutine) in goroutines.into_iter().enumerate() {
        assert_eq!(goroutine.join().unwrap(), number);
    }
    let most = most.load(SeqCst);
    assert!((1..1000).contains(&most), "{most} threads for a thousand calls is no pool");
}

#[test]
fn go_21_a_blocking_call_returns_what_it_borrows_nothing_for() {
    let _watchdog = watchdog();
    let text = go!({ blocking(|| thread::current().id()) != thread::current().id() }).join().unwrap();
    assert!(text || on_threads(), "a coroutine's blocking call runs on a thread of the pool");
}

#[gochan::test]
fn go_22_dropping_the_handle_lets_the_goroutine_run_on() {
    let gate = chan!(());
    let done = chan!(u32);
    drop(go!([gate, done] {
        recv!(gate);
        send!(done <- 1);
    }));
    send!(gate <- ());
    assert_eq!(recv!(done), 1);
}

#[gochan::test]
fn go_22_a_detached_goroutines_result_is_dropped() {
    let ledger = crate::common::Ledger::default();
    for number in 0..100 {
        let value = ledger.value(number);
        drop(go!({ value }));
    }
    until(|| ledger.dropped() == 100);
    ledger.balances();
}

#[gochan::test]
fn go_22_joining_a_finished_goroutine_returns_at_once() {
    let goroutine = go!({ 5 });
    until(|| goroutine.is_finished());
    assert_eq!(goroutine.join().unwrap(), 5);
}

#[gochan::test]
fn go_22_a_goroutine_joins_another() {
    let gate = chan!(());
    let slow = go!([gate] {
        recv!(gate);
        1
    });
    let joiner = go!({ slow.join().unwrap() + 1 });
    until_waiting(&joiner);
    assert!(!joiner.is_finished());
    close!(gate);
    assert_eq!(joiner.join().unwrap(), 2);
}

#[gochan::test]
fn go_22_a_join_is_given_up_after_a_time_and_the_handle_comes_back() {
    let gate = chan!(());
    let goroutine = go!([gate] {
        gate.recv();
        7
    });
    let id = goroutine.id();
    let goroutine = goroutine.join_timeout(Duration::ZERO).expect_err("it waits");
    let goroutine = goroutine.join_timeout(MOMENT).expect_err("it still waits");
    assert_eq!(goroutine.id(), id);
    let joining = go!({ goroutine.join_timeout(LONG).expect("in time").unwrap() });
    until_waiting(&joining);
    close!(gate);
    assert_eq!(joining.join().unwrap(), 7);
    assert_eq!(go!({ 1 }).join_timeout(Duration::MAX).unwrap().unwrap(), 1);
    let panicked = go!({ panic!("no luck") });
    assert_eq!(message(&*panicked.join_timeout(LONG).unwrap().unwrap_err()), "no luck");
}

#[gochan::test]
fn go_22_the_end_of_a_goroutine_is_an_arm() {
    let gate = chan!(());
    let goroutine = go!([gate] { gate.recv() });
    let finished = goroutine.finished();
    assert!(finished.same_channel(&goroutine.finished()));
    select! {
        <-goroutine.finished() => panic!("it waits"),
        default => {}
    }
    let goroutine = goroutine.join_timeout(MOMENT).expect_err("it waits");
    close!(gate);
    select! {
        <-goroutine.finished() => assert_eq!(goroutine.join().unwrap(), None),
        <-after(LONG) => panic!("it has ended"),
    }
    recv!(finished);
    let ended = go!({ 3 });
    until(|| ended.is_finished());
    recv!(ended.finished());
    assert_eq!(ended.join().unwrap(), 3);
}

#[gochan::test]
fn go_22_the_end_shows_after_the_handle_is_gone_and_the_result_is_dropped() {
    let ledger = crate::common::Ledger::default();
    let gate = chan!(());
    let value = ledger.value(1);
    let goroutine = go!([gate] {
        gate.recv();
        value
    });
    let finished = goroutine.finished();
    drop(goroutine);
    close!(gate);
    recv!(finished);
    assert_eq!(ledger.dropped(), 1);
    // After the end.
    let value = ledger.value(2);
    let goroutine = go!({ value });
    recv!(goroutine.finished());
    drop(goroutine);
    assert_eq!(ledger.dropped(), 2);
    ledger.balances();
}

#[gochan::test]
fn go_22_a_scope_has_both_too() {
    let text = String::from("text");
    let gate = chan!(());
    gochan::scope(|s| {
        let waits = s.go(|| {
            gate.recv();
            text.len()
        });
        let waits = waits.join_timeout(MOMENT).expect_err("it waits");
        gate.close();
        recv!(waits.finished());
        assert_eq!(waits.join_timeout(LONG).expect("it has ended").unwrap(), 4);
    });
}

/// In all orders: the end, a channel of it that appears, and the handle that joins, waits or goes.
#[test]
fn go_22_an_end_is_seen_by_all_who_wait() {
    let _watchdog = watchdog();
    let ledger = crate::common::Ledger::default();
    for round in 0..600 {
        let value = ledger.value(round);
        let goroutine = go!({
            if round % 3 == 0 {
                runtime::gosched();
            }
            value
        });
        let goroutine = if round % 2 == 0 {
            let finished = goroutine.finished();
            go!({ finished.recv() });
            goroutine
        } else {
            goroutine
        };
        match round % 5 {
            0 => drop(goroutine),
            1 => drop(goroutine.join().unwrap()),
            2 => drop(goroutine.join_timeout(Duration::from_micros(round % 50))),
            3 => drop(gochan::block_on(async { goroutine.await }).unwrap()),
            _ => {
                let finished = goroutine.finished();
                go!({ drop(goroutine.join()) });
                finished.recv();
            }
        }
    }
    until(|| ledger.dropped() == 600);
    ledger.balances();
}
