//! Rows WG.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;

use crate::common::{Plain, is_waiting, panic_of, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime;

#[gochan::test]
fn wg_01_wait_returns_at_once_at_zero() {
    WaitGroup::new().wait();
    let wg = WaitGroup::new();
    wg.add(2);
    wg.add(-2);
    wg.wait();
    wg.add(0);
    wg.wait();
}

#[gochan::test]
fn wg_01_wait_returns_when_the_count_reaches_zero_and_not_before() {
    let wg = WaitGroup::new();
    wg.add(3);
    let waiter = go!([wg] { wg.wait() });
    until_waiting(&waiter);
    wg.done();
    wg.add(-1);
    assert!(is_waiting(&waiter));
    wg.done();
    waiter.join().unwrap();
}

#[test]
fn wg_01_all_waiters_wake_goroutines_and_threads() {
    let _watchdog = watchdog();
    let wg = WaitGroup::new();
    wg.add(1);
    let goroutines: Vec<_> = (0..20).map(|_| go!([wg] { wg.wait() })).collect();
    let threads: Vec<_> = (0..5)
        .map(|_| {
            let wg = wg.clone();
            thread::spawn(move || wg.wait())
        })
        .collect();
    goroutines.iter().for_each(until_waiting);
    wg.done();
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[gochan::test]
fn wg_01_clones_share_one_count() {
    let wg = WaitGroup::new();
    let clone = wg.clone();
    wg.add(100);
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        go!([wg, count] {
            defer!(wg.done());
            count.fetch_add(1, Relaxed);
        });
    }
    clone.wait();
    assert_eq!(count.load(Relaxed), 100);
}

#[gochan::test]
fn wg_01_done_may_drop_the_last_other_handle() {
    for _ in 0..2000 {
        let wg = WaitGroup::new();
        wg.add(1);
        go!([wg] { wg.done() });
        wg.wait();
    }
}

#[gochan::test]
fn wg_02_a_negative_counter_panics() {
    let negative = "sync: negative WaitGroup counter";
    assert_eq!(panic_of(|| WaitGroup::new().done()), negative);
    assert_eq!(panic_of(|| WaitGroup::new().add(-1)), negative);
    let wg = WaitGroup::new();
    wg.add(2);
    assert_eq!(panic_of(|| wg.add(-3)), negative);
}

#[gochan::test]
fn wg_03_a_wait_group_serves_again_after_wait() {
    let wg = WaitGroup::new();
    let count = Arc::new(AtomicUsize::new(0));
    for turn in 1..=500 {
        wg.add(4);
        for _ in 0..4 {
            go!([wg, count] {
                count.fetch_add(1, Relaxed);
                wg.done();
            });
        }
        wg.wait();
        assert_eq!(count.load(Relaxed), 4 * turn);
    }
}

#[gochan::test]
fn wg_03_add_from_zero_against_wait_is_reported_or_harmless() {
    for _ in 0..2000 {
        let wg = WaitGroup::new();
        let waiter = go!([wg] { wg.wait() });
        let adder = go!([wg] {
            wg.add(1);
            runtime::gosched();
            wg.done();
        });
        for ended in [waiter.join(), adder.join()] {
            if let Err(payload) = ended {
                let said = crate::common::message(&*payload);
                assert!(said.starts_with("sync: WaitGroup"), "{said}");
            }
        }
    }
}

#[gochan::test]
fn wg_03_adding_while_others_work_is_no_misuse() {
    let wg = WaitGroup::new();
    let count = Arc::new(AtomicUsize::new(0));
    fn grow(wg: WaitGroup, count: Arc<AtomicUsize>, depth: u32) {
        defer!(wg.done());
        count.fetch_add(1, Relaxed);
        if depth > 0 {
            wg.add(2);
            for _ in 0..2 {
                go!(grow(wg.clone(), count.clone(), depth - 1));
            }
        }
    }
    wg.add(1);
    go!(grow(wg.clone(), count.clone(), 9));
    wg.wait();
    assert_eq!(count.load(Relaxed), (1 << 10) - 1);
}

#[gochan::test]
fn wg_04_go_adds_before_it_returns_and_is_done_after() {
    let wg = WaitGroup::new();
    let gate = chan!(());
    let opened = gate.clone();
    wg.go(move || recv!(opened));
    let waiter = go!([wg] { wg.wait() });
    until_waiting(&waiter);
    close!(gate);
    waiter.join().unwrap();
}

#[test]
fn wg_04_go_is_done_even_if_it_panics_or_leaves_by_goexit() {
    let _watchdog = watchdog();
    let wg = WaitGroup::new();
    wg.go(|| panic!("on purpose"));
    wg.go(|| runtime::goexit());
    wg.wait();
}

#[gochan::test]
fn wg_05_what_came_before_done_is_seen_after_wait() {
    for turn in 1..=200 {
        let memory: Arc<Vec<Plain>> = Arc::new((0..4).map(|_| Plain::default()).collect());
        let wg = WaitGroup::new();
        wg.add(4);
        for place in 0..4 {
            go!([memory, wg] {
                memory[place].set(turn);
                wg.done();
            });
        }
        wg.wait();
        assert!(memory.iter().all(|place| place.get() == turn));
    }
}

#[gochan::test]
fn wg_05_every_waiter_sees_it() {
    for turn in 1..=100 {
        let memory = Arc::new(Plain::default());
        let wg = WaitGroup::new();
        wg.add(1);
        let waiters: Vec<_> = (0..4)
            .map(|_| {
                go!([memory, wg] {
                    wg.wait();
                    memory.get()
                })
            })
            .collect();
        memory.set(turn);
        wg.done();
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap() == turn));
    }
}

#[gochan::test]
fn wg_01_any_integer_is_added() {
    let wg = WaitGroup::new();
    wg.add(vec![1, 2, 3].len());
    wg.add(1_u8);
    wg.add(-2_i64);
    wg.add(-1);
    wg.done();
    wg.wait();
    let too_many = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wg.add(u64::MAX)));
    assert!(too_many.is_err());
}
