//! Rows MU. That a self-deadlock shows in the deadlock report is proved where that report is tested; here, that the
//! wait is told with its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Plain, on_threads, panic_of, until, until_waiting, watchdog, workers};
use gochan::prelude::*;
use gochan::runtime::{self, State, WaitReason};
use gochan::sync::{Mutex, MutexGuard};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_not_impl_any!(MutexGuard<'static, i32>: Send);
assert_impl_all!(MutexGuard<'static, i32>: Sync);
assert_not_impl_any!(MutexGuard<'static, std::cell::Cell<i32>>: Sync);
assert_impl_all!(Mutex<std::cell::Cell<i32>>: Send, Sync, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_not_impl_any!(Mutex<std::rc::Rc<i32>>: Send, Sync);

static STATIC: Mutex<u64> = Mutex::new(0);

#[gochan::test]
fn mu_01_eight_goroutines_count_to_a_million() {
    const EACH: u64 = if cfg!(debug_assertions) { 25_000 } else { 125_000 };
    let count = Arc::new(Mutex::new(0));
    let wg = WaitGroup::new();
    for _ in 0..8 {
        let count = count.clone();
        wg.go(move || (0..EACH).for_each(|_| *count.lock() += 1));
    }
    wg.wait();
    assert_eq!(*count.lock(), 8 * EACH);
}

#[test]
fn mu_01_goroutines_and_threads_exclude_each_other_also_across_switches() {
    let _watchdog = watchdog();
    let inside = Arc::new(AtomicBool::new(false));
    let memory = Arc::new(Mutex::new(Plain::default()));
    let body = {
        let (inside, memory) = (inside.clone(), memory.clone());
        move || {
            for turn in 0..500 {
                let guard = memory.lock();
                assert!(!inside.swap(true, Relaxed));
                guard.set(guard.get() + 1);
                if turn % 8 == 0 {
                    runtime::gosched();
                }
                assert!(inside.swap(false, Relaxed));
            }
        }
    };
    let goroutines: Vec<_> = (0..8).map(|_| go!([body] { body() })).collect();
    let threads: Vec<_> = (0..2).map(|_| thread::spawn(body.clone())).collect();
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(memory.lock().get(), 10 * 500);
}

#[gochan::test]
fn mu_01_a_mutex_may_be_static() {
    let wg = WaitGroup::new();
    (0..100).for_each(|n| drop(wg.go(move || *STATIC.lock() += n)));
    wg.wait();
    assert_eq!(*STATIC.lock(), 4950);
}

#[gochan::test]
fn mu_02_unlock_wakes_each_waiter_in_turn() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let guard = order.lock();
    let mut waiters = Vec::new();
    for number in 0..20 {
        let waiter = go!([order] { order.lock().push(number) });
        until_waiting(&waiter);
        waiters.push(waiter);
    }
    drop(guard);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    let order = order.lock();
    if workers() == 1 && !on_threads() {
        assert_eq!(*order, (0..20).collect::<Vec<_>>());
    }
    assert_eq!(order.len(), 20);
}

#[gochan::test]
fn mu_02_no_wake_up_is_lost_when_holders_park() {
    let mutex = Arc::new(Mutex::new(0_u32));
    let wg = WaitGroup::new();
    for _ in 0..16 {
        let mutex = mutex.clone();
        wg.go(move || {
            for _ in 0..200 {
                let mut count = mutex.lock();
                *count += 1;
                runtime::gosched();
            }
        });
    }
    wg.wait();
    assert_eq!(*mutex.lock(), 16 * 200);
}

#[test]
fn mu_02_a_thread_that_unlocks_wakes_a_goroutine_and_the_other_way_round() {
    let _watchdog = watchdog();
    for _ in 0..50 {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.lock();
        let goroutine = go!([mutex] { drop(mutex.lock()) });
        until_waiting(&goroutine);
        drop(guard);
        goroutine.join().unwrap();

        let (held, release) = (chan!(()), chan!(()));
        let holder = go!([mutex, held, release] {
            let _guard = mutex.lock();
            held.send(()).unwrap();
            release.recv();
        });
        held.recv();
        let thread = thread::spawn({
            let mutex = mutex.clone();
            move || drop(mutex.lock())
        });
        release.send(()).unwrap();
        thread.join().unwrap();
        holder.join().unwrap();
    }
}

/// Somebody locks again and again, holding for a while, and never parks; the waiter must get its turn.
fn gets_its_turn(hold: Duration) {
    let _watchdog = watchdog();
    let mutex = Arc::new(Mutex::new(()));
    let (served, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let guard = mutex.lock();
    let waiter = go!([mutex, served] {
        let _guard = mutex.lock();
        served.store(true, SeqCst);
    });
    until_waiting(&waiter);
    // Waits, too, so that both are in line when the lock is let go; from then on it is the hog.
    let rounds = Arc::new(AtomicUsize::new(0));
    let hog = go!([mutex, served, stop, rounds] {
        while !stop.load(SeqCst) {
            let _guard = mutex.lock();
            if !served.load(SeqCst) {
                rounds.fetch_add(1, SeqCst);
            }
            let start = Instant::now();
            while start.elapsed() < hold {
                std::hint::spin_loop();
            }
        }
    });
    until_waiting(&hog);
    drop(guard);
    waiter.join().unwrap();
    stop.store(true, SeqCst);
    hog.join().unwrap();
}

#[test]
fn mu_03_a_waiter_is_served_beside_one_that_locks_in_a_loop() {
    for hold in [0, 20, 300, 3000] {
        gets_its_turn(Duration::from_micros(hold));
    }
}

#[test]
fn mu_03_who_has_waited_for_more_than_a_millisecond_is_next() {
    let _watchdog = watchdog();
    let mutex = Arc::new(Mutex::new(()));
    let turns = Arc::new(AtomicUsize::new(0));
    let guard = mutex.lock();
    let waiter = go!([mutex, turns] {
        let _guard = mutex.lock();
        turns.load(SeqCst)
    });
    until_waiting(&waiter);
    thread::sleep(Duration::from_millis(2));
    drop(guard);
    // The lock has been handed over: nobody overtakes, however fast.
    let guard = mutex.lock();
    turns.fetch_add(1, SeqCst);
    drop(guard);
    assert_eq!(waiter.join().unwrap(), 0);
}

#[gochan::test]
fn mu_03_nobody_jumps_the_queue_by_trying() {
    if on_threads() {
        return;
    }
    let answer = runtime_with_one_goroutine_waiting();
    assert!(answer, "try_lock took a lock that was handed to a waiter");
}

/// On one worker: a waiter that was handed the lock has not run yet when its neighbour tries.
fn runtime_with_one_goroutine_waiting() -> bool {
    let mutex = Arc::new(Mutex::new(false));
    gochan::Builder::new()
        .placement(gochan::Placement::Worker(0))
        .spawn({
            let mutex = mutex.clone();
            move || {
                let guard = mutex.lock();
                let waiter = gochan::Builder::new().placement(gochan::Placement::Worker(0)).spawn({
                    let mutex = mutex.clone();
                    move || *mutex.lock() = true
                });
                until(|| {
                    runtime::gosched();
                    crate::common::is_waiting(&waiter)
                });
                thread::sleep(Duration::from_millis(2));
                drop(guard);
                // On a loaded machine this turn may have been so long that the waiter is let in first.
                let answer = mutex.try_lock().is_none_or(|served| *served);
                waiter.join().unwrap();
                answer
            }
        })
        .join()
        .unwrap()
}

#[test]
fn mu_04_try_lock_takes_a_free_lock_only() {
    let mutex = Mutex::new(5);
    let guard = mutex.try_lock().unwrap();
    assert_eq!(*guard, 5);
    assert!(mutex.try_lock().is_none());
    drop(guard);
    assert!(mutex.try_lock().is_some());
}

#[gochan::test]
fn mu_04_a_panic_unlocks_and_poisons_nothing() {
    let mutex = Arc::new(Mutex::new(1));
    let panicking = go!([mutex] {
        let mut guard = mutex.lock();
        *guard = 2;
        panic!("on purpose");
    });
    assert!(panicking.join().is_err());
    assert_eq!(*mutex.lock(), 2);
    assert_eq!(
        panic_of(|| {
            let _guard = mutex.lock();
            panic!("on purpose, too");
        }),
        "on purpose, too"
    );
    assert!(mutex.try_lock().is_some());
    let exiting = go!([mutex] {
        let _guard = mutex.lock();
        runtime::goexit();
    });
    assert!(exiting.join().is_err());
    assert!(mutex.try_lock().is_some());
}

#[test]
fn mu_04_the_value_can_be_reached_without_locking_when_it_is_not_shared() {
    let mut mutex = Mutex::new(String::from("a"));
    mutex.get_mut().push('b');
    assert_eq!(mutex.into_inner(), "ab");
    assert_eq!(Mutex::<i32>::default().into_inner(), 0);
    assert_eq!(Mutex::from(3).into_inner(), 3);
}

#[test]
fn mu_04_unsized_values_and_debug() {
    let slice: &Mutex<[i32]> = &Mutex::new([1, 2, 3]);
    slice.lock()[0] = 7;
    assert_eq!(format!("{slice:?}"), "Mutex { value: [7, 2, 3] }");
    let guard = slice.lock();
    assert_eq!(format!("{slice:?} {guard:?}"), "Mutex { value: <locked> } [7, 2, 3]");
}

#[test]
fn mu_05_locking_twice_waits_and_is_told_with_both_places() {
    let _watchdog = watchdog();
    let mutex: &Mutex<()> = Box::leak(Box::default());
    let line = line!() + 3;
    let stuck = go!(|| {
        let _first = mutex.lock();
        let _second = mutex.lock();
    }());
    until_waiting(&stuck);
    let told = runtime::goroutines().into_iter().find(|info| info.id == stuck.id()).unwrap();
    assert_eq!(told.state, State::Waiting(WaitReason::Mutex));
    let place = told.waiting_at.unwrap();
    assert_eq!((place.file(), place.line()), (file!(), line));
    assert_eq!(told.spawned_at.unwrap().file(), file!());
}
