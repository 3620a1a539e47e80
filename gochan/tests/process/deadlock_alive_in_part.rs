//! Row DL-02: goroutines that will go on are not called deadlocked.

use std::sync::Arc;
use std::time::Duration;

use super::deadlock_partial::{Shared, attribute};
use crate::common::{until_waiting, watchdog};
use gochan::prelude::*;
use gochan::sync::{Cond, Mutex, OnceCell, RwLock, RwLockWriteGuard};
use gochan::time::sleep;
use gochan::{JoinHandle, runtime, scope};

/// Each of these waits for something that somebody will bring about.
mod alive {
    use super::*;

    pub(super) fn a_holder_that_waits_for_a_message() {
        let lock = Arc::new(Mutex::new(0));
        let (message, asks) = (chan!(u32), chan!(()));
        let holder = go!([lock, message, asks] {
            let mut guard = lock.lock();
            close!(asks);
            *guard = recv!(message);
        });
        recv!(asks);
        let waiter = go!([lock] { *lock.lock() });
        until_waiting(&waiter);
        sleep(Duration::from_millis(80));
        send!(message <- 7);
        assert_eq!(waiter.join().unwrap(), 7);
        holder.join().unwrap();
    }

    /// The reader has been let in and has not gone on yet, while another writer waits.
    pub(super) fn a_reader_that_was_let_in() {
        let lock = Arc::new(RwLock::new(0));
        let writer = lock.write();
        let handle = chan!(JoinHandle<u32>, 1);
        let first = go!([lock, handle] {
            let guard = lock.read();
            handle.recv().unwrap().join().unwrap() + *guard
        });
        until_waiting(&first);
        let second = go!([lock] { *lock.read() });
        until_waiting(&second);
        send!(handle <- second);
        let next = go!([lock] { *lock.write() += 1 });
        until_waiting(&next);
        drop(writer);
        assert_eq!(first.join().unwrap(), 0);
        next.join().unwrap();
    }

    /// A second lock of one that is held, but for no longer than another one takes.
    pub(super) fn a_condition() {
        let shared = Arc::new((Mutex::new(false), Cond::new()));
        let waiter = go!([shared] {
            let mut guard = shared.0.lock();
            while !*guard {
                guard = shared.1.wait(guard);
            }
        });
        until_waiting(&waiter);
        let guard = shared.0.lock();
        shared.1.signal();
        sleep(Duration::from_millis(20));
        drop(guard);
        *shared.0.lock() = true;
        shared.1.signal();
        waiter.join().unwrap();
    }

    pub(super) fn an_initialiser_that_fails() {
        let cell: Arc<OnceCell<u32>> = Arc::default();
        let go_on = chan!(());
        let fails = go!([cell, go_on] {
            let _ = cell.get_or_try_init(|| {
                recv!(go_on);
                Err(())
            });
        });
        until_waiting(&fails);
        let rest: Vec<_> = (0..3).map(|i| go!([cell] { *cell.get_or_init(|| i) })).collect();
        rest.iter().for_each(until_waiting);
        close!(go_on);
        rest.into_iter().for_each(|one| assert!(one.join().is_ok()));
    }

    /// Counts that are none of `go`'s may be taken back by anybody.
    pub(super) fn a_group_that_others_count_as_well() {
        let (wg, lock) = (WaitGroup::new(), Arc::new(Mutex::new(())));
        let guard = lock.lock();
        wg.add(1);
        wg.go(|| sleep(Duration::from_millis(10)));
        let child = go!([lock] { drop(lock.lock()) });
        until_waiting(&child);
        // On behalf of the child, which still waits.
        go!([wg] {
            sleep(Duration::from_millis(20));
            wg.done();
        });
        wg.wait();
        drop(guard);
        child.join().unwrap();
    }

    pub(super) fn a_scope_that_ends() {
        let lock = Mutex::new(0);
        for _ in 0..20 {
            scope(|s| {
                for _ in 0..4 {
                    s.go(|| {
                        let mut guard = lock.lock();
                        runtime::gosched();
                        *guard += 1;
                    });
                }
            });
        }
        assert_eq!(*lock.lock(), 80);
    }

    pub(super) fn locks_in_order() {
        let locks: Arc<[Mutex<u64>; 5]> = Arc::default();
        let wg = WaitGroup::new();
        for seed in 0..8_usize {
            let locks = locks.clone();
            wg.go(move || {
                for round in 0..100 {
                    let (a, b) = ((seed + round) % 5, (seed * 3 + round * 7) % 5);
                    if a == b {
                        continue;
                    }
                    let mut one = locks[a.min(b)].lock();
                    if round % 3 == 0 {
                        runtime::gosched();
                    }
                    let mut other = locks[a.max(b)].lock();
                    (*one, *other) = (*one + 1, *other + 1);
                }
            });
        }
        wg.wait();
    }

    pub(super) fn tries_out_of_order() {
        let locks: Shared<Mutex<u64>> = Arc::default();
        let turn = |first: bool| {
            let locks = locks.clone();
            go!({
                let mut done = 0;
                while done < 100 {
                    let (one, other) = if first { (&locks.0, &locks.1) } else { (&locks.1, &locks.0) };
                    let held = one.lock();
                    runtime::gosched();
                    match other.try_lock() {
                        Some(_) => done += 1,
                        None => drop(held),
                    }
                    runtime::gosched();
                }
            })
        };
        let both = [turn(true), turn(false)];
        both.into_iter().for_each(|one| one.join().unwrap());
    }

    pub(super) fn readers_and_writers() {
        let lock = Arc::new(RwLock::new(0));
        let wg = WaitGroup::new();
        for seed in 0..8 {
            let lock = lock.clone();
            wg.go(move || {
                for round in 0..100 {
                    match (seed + round) % 4 {
                        0 => *lock.write() += 1,
                        1 => drop(RwLockWriteGuard::downgrade(lock.write())),
                        2 => drop((lock.read(), runtime::gosched())),
                        _ => drop((lock.try_write(), runtime::gosched())),
                    }
                }
            });
        }
        wg.wait();
    }

    pub(super) fn joins_of_joins() {
        let mut last = go!({ 0_u32 });
        for _ in 0..100 {
            last = go!({ last.join().unwrap() + 1 });
        }
        assert_eq!(last.join().unwrap(), 100);
    }

    pub(super) const PROGRAMS: &[fn()] = &[
        a_holder_that_waits_for_a_message,
        a_reader_that_was_let_in,
        a_condition,
        an_initialiser_that_fails,
        a_group_that_others_count_as_well,
        a_scope_that_ends,
        locks_in_order,
        tries_out_of_order,
        readers_and_writers,
        joins_of_joins,
    ];
}

#[test]
fn dl_02_programs_that_go_on_are_not_called_deadlocked() {
    let _watchdog = watchdog();
    for &body in alive::PROGRAMS {
        for _ in 0..5 {
            attribute().run(body);
        }
        attribute().virtual_time().run(body);
    }
}

#[test]
fn dl_02_no_order_of_a_right_program_is_called_a_deadlock() {
    let _watchdog = watchdog();
    for body in [alive::a_scope_that_ends, alive::joins_of_joins, alive::locks_in_order] {
        attribute().explore(20).run(body);
    }
    // The first reader joins one that was let in with it, and may not have gone on when another writer waits.
    attribute().explore(1000).run(|| {
        let lock = Arc::new(RwLock::new(0));
        let writer = lock.write();
        let joined = go!([lock] { *lock.read() });
        let joins = go!([lock] {
            let _guard = lock.read();
            joined.join().unwrap()
        });
        let next = go!([lock] { *lock.write() += 1 });
        // Most often, all three wait by now.
        (0..20).for_each(|_| runtime::gosched());
        drop(writer);
        // Behind a writer that waits for `joins`, `joined` would be held off for ever.
        let _ = (joins.is_finished(), next.is_finished());
        assert!(joins.join().is_ok() && next.join().is_ok());
    });
    attribute().explore(300).run(|| {
        let lock = Arc::new(RwLock::new(0));
        let all: Vec<_> = (0..4)
            .map(|i| {
                go!([lock] {
                    if i % 2 == 0 {
                        *lock.write() += 1;
                    }
                    *lock.read()
                })
            })
            .collect();
        all.into_iter().for_each(|one| assert!(one.join().is_ok()));
    });
}
