//! Rows SM.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;
use std::time::Duration;

use crate::common::{MOMENT, is_waiting, panic_of, place_of_panic, seeded, until, until_waiting, watchdog};
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::runtime::{self, State, WaitReason};
use gochan::sync::{Mutex, Semaphore};

static STATIC: Semaphore = Semaphore::new(1);

#[gochan::test]
fn sm_01_no_more_than_its_size_is_out_at_a_time() {
    const SIZE: usize = 10;
    let semaphore = Arc::new(Semaphore::new(SIZE));
    let out = Arc::new(AtomicUsize::new(0));
    let wg = WaitGroup::new();
    for _ in 0..16 {
        let (semaphore, out) = (semaphore.clone(), out.clone());
        let mut random = seeded();
        wg.go(move || {
            for _ in 0..200 {
                let weight = random.usize(0..=SIZE);
                semaphore.acquire(&background(), weight).unwrap();
                assert!(out.fetch_add(weight, SeqCst) + weight <= SIZE);
                runtime::gosched();
                out.fetch_sub(weight, SeqCst);
                semaphore.release(weight);
            }
        });
    }
    wg.wait();
    assert!(semaphore.try_acquire(SIZE));
}

#[gochan::test]
fn sm_01_waiters_are_served_in_order_and_small_ones_do_not_overtake() {
    let semaphore = Arc::new(Semaphore::new(10));
    let order = Arc::new(Mutex::new(Vec::new()));
    assert!(semaphore.try_acquire(6));
    let waiters: Vec<_> = [8, 1, 1, 9]
        .into_iter()
        .map(|weight| {
            let waiter = go!([semaphore, order] {
                semaphore.acquire(&background(), weight).unwrap();
                order.lock().push(weight);
            });
            until_waiting(&waiter);
            waiter
        })
        .collect();
    // Four are free, but the big one is first.
    assert!(!semaphore.try_acquire(1));
    assert!(waiters.iter().all(is_waiting));
    let told = runtime::goroutines().into_iter().find(|info| info.id == waiters[0].id()).unwrap();
    assert_eq!(told.state, State::Waiting(WaitReason::Semaphore));
    assert_eq!(told.waiting_at.unwrap().file(), file!());
    semaphore.release(6);
    let mut waiters = waiters.into_iter();
    waiters.by_ref().take(3).for_each(|waiter| waiter.join().unwrap());
    let mut served = order.lock().clone();
    served.sort_unstable();
    assert_eq!(served, [1, 1, 8]);
    let last = waiters.next().unwrap();
    assert!(is_waiting(&last));
    semaphore.release(10);
    last.join().unwrap();
    assert_eq!(order.lock().last(), Some(&9));
}

#[gochan::test]
fn sm_01_a_big_request_is_met_among_small_ones_that_never_cease() {
    let semaphore = Arc::new(Semaphore::new(4));
    let stop = Arc::new(AtomicUsize::new(0));
    let small: Vec<_> = (0..8)
        .map(|_| {
            go!([semaphore, stop] {
                while stop.load(SeqCst) == 0 {
                    let _permit = semaphore.permit(&background(), 1).unwrap();
                    runtime::gosched();
                }
            })
        })
        .collect();
    for _ in 0..20 {
        go!([semaphore] { drop(semaphore.permit(&background(), 4)) }).join().unwrap();
    }
    stop.store(1, SeqCst);
    small.into_iter().for_each(|small| small.join().unwrap());
}

#[gochan::test]
fn sm_01_a_cancelled_acquire_returns_the_error_and_takes_nothing() {
    let semaphore = Arc::new(Semaphore::new(3));
    assert!(semaphore.try_acquire(2));
    let (ctx, cancel) = background().with_cancel();
    let big = go!([semaphore, ctx] { semaphore.acquire(&ctx, 2) });
    until_waiting(&big);
    let (other, _cancel_other) = background().with_cancel();
    let behind = go!([semaphore, other] { semaphore.acquire(&other, 1) });
    until_waiting(&behind);
    cancel.cancel();
    assert_eq!(big.join().unwrap(), Err(ContextError::Canceled));
    // It was what held up the one behind it.
    assert_eq!(behind.join().unwrap(), Ok(()));
    assert!(!semaphore.try_acquire(1));
    semaphore.release(3);
    assert_eq!(semaphore.acquire(&ctx, 1), Err(ContextError::Canceled));
    let (ctx, _cancel) = background().with_timeout(MOMENT);
    assert!(semaphore.try_acquire(3));
    assert_eq!(semaphore.acquire(&ctx, 1), Err(ContextError::DeadlineExceeded));
    semaphore.release(3);
}

#[gochan::test]
fn sm_01_a_cancel_beside_a_release_grants_or_takes_nothing() {
    let semaphore = Arc::new(Semaphore::new(1));
    for turn in 0..500 {
        assert!(semaphore.try_acquire(1));
        let (ctx, cancel) = background().with_cancel();
        let waiter = go!([semaphore, ctx] { semaphore.acquire(&ctx, 1) });
        if turn % 2 == 0 {
            until_waiting(&waiter);
        }
        let canceller = go!({ cancel.cancel() });
        semaphore.release(1);
        canceller.join().unwrap();
        if waiter.join().unwrap().is_ok() {
            semaphore.release(1);
        }
    }
    assert!(semaphore.try_acquire(1));
}

#[gochan::test]
fn sm_01_more_than_the_whole_waits_for_the_end_of_the_context_and_hinders_nobody() {
    let semaphore = Arc::new(Semaphore::new(2));
    let (ctx, cancel) = background().with_cancel();
    let hopeless = go!([semaphore, ctx] { semaphore.acquire(&ctx, 3) });
    until_waiting(&hopeless);
    assert_eq!(semaphore.acquire(&background(), 2), Ok(()));
    cancel.cancel();
    assert_eq!(hopeless.join().unwrap(), Err(ContextError::Canceled));
    let line = line!() + 1;
    let for_ever = || _ = semaphore.acquire(&background(), 3);
    assert_eq!(place_of_panic(for_ever), (file!().to_owned(), line));
    assert!(panic_of(for_ever).contains("would wait forever"));
    assert!(!semaphore.try_acquire(usize::MAX));
}

#[test]
fn sm_01_threads_wait_too_and_a_permit_releases_on_panic() {
    let _watchdog = watchdog();
    let permit = STATIC.permit(&background(), 1).unwrap();
    let thread = thread::spawn(|| {
        let (ctx, _cancel) = background().with_timeout(Duration::from_secs(3600));
        let _permit = STATIC.permit(&ctx, 1).unwrap();
        panic!("on purpose");
    });
    assert_eq!(format!("{STATIC:?}"), "Semaphore { size: 1, used: 1 }");
    drop(permit);
    assert!(thread.join().is_err());
    assert!(STATIC.try_acquire(1));
    STATIC.release(1);
}

#[test]
fn sm_01_who_waits_with_a_context_that_ended_first_gets_nothing_of_what_is_released() {
    let _watchdog = watchdog();
    for round in 0..2_000 {
        let semaphore = Arc::new(Semaphore::new(2));
        let (ctx, cancel) = background().with_cancel();
        assert!(semaphore.try_acquire(1));
        let acquire = {
            let semaphore = semaphore.clone();
            move || semaphore.acquire(&ctx, 2)
        };
        // Until the other one waits, nobody else may have what is free.
        let until_it_waits = || {
            until(|| {
                let free = semaphore.try_acquire(1);
                if free {
                    semaphore.release(1);
                }
                !free
            });
        };
        let acquired = if round % 2 == 0 {
            let waiting = thread::spawn(acquire);
            until_it_waits();
            cancel.cancel();
            semaphore.release(1);
            waiting.join().unwrap()
        } else {
            let waiting = go!({ acquire() });
            until_it_waits();
            cancel.cancel();
            semaphore.release(1);
            waiting.join().unwrap()
        };
        assert_eq!(acquired, Err(ContextError::Canceled), "round {round}");
        assert!(semaphore.try_acquire(2), "it has taken something");
    }
}

#[test]
fn sm_01_a_context_that_ends_beside_the_release_leaves_all_or_nothing() {
    let _watchdog = watchdog();
    for round in 0..2_000 {
        let semaphore = Arc::new(Semaphore::new(2));
        let (ctx, cancel) = background().with_cancel();
        assert!(semaphore.try_acquire(1));
        let waiting = go!([semaphore, ctx] { semaphore.acquire(&ctx, 2) });
        let cancelling = thread::spawn(move || cancel.cancel());
        if round % 2 == 0 {
            thread::yield_now();
        }
        semaphore.release(1);
        match waiting.join().unwrap() {
            Ok(()) => semaphore.release(2),
            Err(error) => assert_eq!(error, ContextError::Canceled),
        }
        cancelling.join().unwrap();
        assert!(semaphore.try_acquire(2));
    }
}

#[gochan::test]
fn sm_01_who_is_about_to_give_up_holds_nobody_up() {
    for _ in 0..500 {
        let semaphore = Arc::new(Semaphore::new(3));
        let (ctx, cancel) = background().with_cancel();
        assert!(semaphore.try_acquire(1));
        let hopeless = go!([semaphore] { semaphore.acquire(&ctx, 3) });
        until_waiting(&hopeless);
        let behind = go!([semaphore] { semaphore.acquire(&background(), 1) });
        until_waiting(&behind);
        cancel.cancel();
        // It may not have left the queue yet.
        semaphore.release(1);
        assert_eq!(behind.join().unwrap(), Ok(()));
        assert_eq!(hopeless.join().unwrap(), Err(ContextError::Canceled));
        assert!(semaphore.try_acquire(2));
    }
}

#[gochan::test]
fn sm_01_what_is_free_is_there_for_a_try_as_soon_as_who_waits_for_more_is_cancelled() {
    for _ in 0..500 {
        let semaphore = Arc::new(Semaphore::new(2));
        let (ctx, cancel) = background().with_cancel();
        assert!(semaphore.try_acquire(1));
        let hopeless = go!([semaphore] { semaphore.acquire(&ctx, 2) });
        until_waiting(&hopeless);
        assert!(!semaphore.try_acquire(1));
        cancel.cancel();
        assert!(semaphore.try_acquire(1));
        assert_eq!(hopeless.join().unwrap(), Err(ContextError::Canceled));
    }
}

#[test]
fn sm_02_releasing_more_than_held_panics_and_gives_nothing_back() {
    let semaphore = Semaphore::new(5);
    assert!(semaphore.try_acquire(2));
    let line = line!() + 1;
    let too_much = || semaphore.release(3);
    assert_eq!(panic_of(too_much), "semaphore: released more than held");
    assert_eq!(place_of_panic(too_much), (file!().to_owned(), line));
    assert!(!semaphore.try_acquire(4));
    semaphore.release(2);
    assert!(semaphore.try_acquire(5));
}
