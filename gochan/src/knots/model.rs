//! Models the search while threads lock, unlock and wait, under shuttle: it finds a knot in exactly those schedules
//! that end in one.

use super::{Knot, WATCHED_IN_MODEL, table};
use crate::base::lock::lock;
use crate::sync::{Mutex, OnceCell, RwLock, RwLockWriteGuard};
use shuttle::thread;
use std::cell::RefCell;
use std::panic::catch_unwind;
use std::sync::{self, Arc};

const SCHEDULES: u64 = 4_000;

thread_local! {
    /// In the current schedule.
    static FOUND: RefCell<Vec<Knot>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn add(knot: Knot) {
    FOUND.with_borrow_mut(|found| found.push(knot));
}

/// Runs `body` in many schedules. Returns in how many all parties finished, and in how many they did not.
fn check(body: fn()) -> (u64, u64) {
    // There is one table, and parties have the same ids in each model.
    static ONE_AT_A_TIME: sync::Mutex<()> = sync::Mutex::new(());
    let _turn = lock(&ONE_AT_A_TIME);
    WATCHED_IN_MODEL.set(true);
    let (mut ended, mut stuck) = (0, 0);
    for seed in 0..SCHEDULES {
        let run = move || {
            table::reset();
            body();
        };
        let result = catch_unwind(|| shuttle::check_random_with_seed(run, seed, 1));
        let knots = FOUND.take();
        match &result {
            Ok(()) => ended += 1,
            Err(payload) => {
                let text = crate::base::report::message(&**payload);
                assert!(text.contains("deadlock"), "seed {seed}: {text}");
                stuck += 1;
            }
        }
        assert_eq!(result.is_err(), !knots.is_empty(), "seed {seed}: {knots:?}");
    }
    (ended, stuck)
}

fn both(ways: [impl FnOnce() + Send + 'static; 2]) {
    let threads = ways.map(thread::spawn);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn two_locks_in_two_orders() {
    let (ended, stuck) = check(|| {
        let locks = Arc::new([Mutex::new(()), Mutex::new(())]);
        both([0, 1].map(|first| {
            let locks = locks.clone();
            move || {
                let _one = locks[first].lock();
                drop(locks[1 - first].lock());
            }
        }));
    });
    assert!(ended > 0 && stuck > 0, "{ended} {stuck}");
}

#[test]
fn two_locks_in_one_order_and_trying_in_the_other() {
    let (_, stuck) = check(|| {
        let locks = Arc::new([Mutex::new(0), Mutex::new(0)]);
        let threads = [false, false, true].map(|tries| {
            let locks = locks.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    if tries {
                        let _other = locks[1].lock();
                        drop(locks[0].try_lock());
                    } else {
                        let _one = locks[0].lock();
                        *locks[1].lock() += 1;
                    }
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert_eq!(stuck, 0);
}

#[test]
fn readers_and_writers_of_one_lock() {
    let (_, stuck) = check(|| {
        let lock = Arc::new(RwLock::new(0));
        let threads = [0, 1, 2, 3].map(|number| {
            let lock = lock.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    match number {
                        0 => drop(RwLockWriteGuard::downgrade(lock.write())),
                        1 => *lock.write() += 1,
                        _ => drop(lock.read()),
                    }
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert_eq!(stuck, 0);
}

#[test]
fn a_reader_that_reads_twice_beside_a_writer() {
    let (ended, stuck) = check(|| {
        let lock = Arc::new(RwLock::new(0));
        let threads = [false, true].map(|writes| {
            let lock = lock.clone();
            thread::spawn(move || {
                if writes {
                    *lock.write() += 1;
                } else {
                    let _one = lock.read();
                    // gochan-lint: allow(recursive_read) what the model is about
                    drop(lock.read());
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert!(ended > 0 && stuck > 0, "{ended} {stuck}");
}

#[test]
fn initialisers_and_a_lock() {
    let (ended, stuck) = check(|| {
        let shared = Arc::new((OnceCell::new(), Mutex::new(0)));
        let threads = [0, 1, 2].map(|number| {
            let (cell, lock) = (shared.clone(), shared.clone());
            thread::spawn(move || match number {
                // It fails, and the next one in the queue tries.
                0 => drop(cell.0.get_or_try_init(|| Err(())).map(|_: &i32| ())),
                1 => assert_eq!(*cell.0.get_or_init(|| *lock.1.lock()), 0),
                _ => {
                    let guard = lock.1.lock();
                    assert_eq!(*cell.0.get_or_init(|| *guard), 0);
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert!(ended > 0 && stuck > 0, "{ended} {stuck}");
}
