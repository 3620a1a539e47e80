//! Locks and their kin under shuttle, as channels are in `channel.rs`: exclusion, and no lost wake-up in any schedule.
//!
//! Built only with `--cfg gochan_model`; `cargo xtask model` does that.

use gochan::context::background;
use gochan::sync::{Cond, Mutex, Once, OnceCell, RwLock, RwLockWriteGuard, Semaphore};
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const RANDOM: usize = 8_000;
const PCT: usize = 8_000;

fn check(body: fn()) {
    shuttle::check_random(body, RANDOM);
    shuttle::check_pct(body, PCT, 3);
}

/// Runs `body` on so many threads and waits for them.
fn spawn_all(threads: usize, body: impl Fn(usize) + Clone + Send + 'static) {
    let threads: Vec<_> = (0..threads)
        .map(|number| {
            let body = body.clone();
            thread::spawn(move || body(number))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_mutex_excludes_and_wakes() {
    check(|| {
        let state = Arc::new((Mutex::new(0), AtomicBool::new(false)));
        let shared = state.clone();
        spawn_all(3, move |_| {
            for _ in 0..2 {
                let mut count = shared.0.lock();
                assert!(!shared.1.swap(true, SeqCst));
                *count += 1;
                thread::yield_now();
                assert!(shared.1.swap(false, SeqCst));
            }
        });
        assert_eq!(*state.0.lock(), 6);
        assert!(state.0.try_lock().is_some());
    });
}

#[test]
fn try_lock_beside_lock_excludes_and_harms_no_waiter() {
    check(|| {
        let state = Arc::new((Mutex::new(0), AtomicUsize::new(0)));
        let shared = state.clone();
        spawn_all(3, move |number| {
            for _ in 0..2 {
                let guard = if number == 0 { shared.0.try_lock() } else { Some(shared.0.lock()) };
                if let Some(mut count) = guard {
                    *count += 1;
                    shared.1.fetch_add(1, SeqCst);
                }
            }
        });
        assert_eq!(*state.0.lock(), state.1.load(SeqCst));
    });
}

#[test]
fn readers_overlap_and_writers_are_alone() {
    check(|| {
        let state = Arc::new((RwLock::new(0), AtomicIsize::new(0)));
        let shared = state.clone();
        spawn_all(4, move |number| {
            for turn in 0..2 {
                if (number + turn) % 2 == 0 {
                    let mut value = shared.0.write();
                    assert_eq!(shared.1.swap(-1, SeqCst), 0);
                    *value += 1;
                    assert_eq!(shared.1.swap(0, SeqCst), -1);
                } else {
                    let value = shared.0.read();
                    assert!(shared.1.fetch_add(1, SeqCst) >= 0);
                    let seen = *value;
                    thread::yield_now();
                    assert_eq!(*value, seen);
                    assert!(shared.1.fetch_sub(1, SeqCst) > 0);
                }
            }
        });
        assert_eq!(*state.0.try_write().unwrap(), 4);
    });
}

#[test]
fn trying_and_downgrading_beside_readers_and_writers() {
    check(|| {
        let state = Arc::new((RwLock::new(0), AtomicUsize::new(0)));
        let shared = state.clone();
        spawn_all(4, move |number| match number {
            0 => {
                let mut value = shared.0.write();
                *value += 1;
                shared.1.fetch_add(1, SeqCst);
                let value = RwLockWriteGuard::downgrade(value);
                let seen = *value;
                thread::yield_now();
                assert_eq!(*value, seen);
            }
            1 => {
                if let Some(mut value) = shared.0.try_write() {
                    *value += 1;
                    shared.1.fetch_add(1, SeqCst);
                }
                *shared.0.write() += 1;
                shared.1.fetch_add(1, SeqCst);
            }
            2 => {
                drop(shared.0.try_read());
                drop(shared.0.read());
            }
            _ => {
                drop(shared.0.read());
                drop(shared.0.read());
            }
        });
        assert_eq!(*state.0.read(), state.1.load(SeqCst));
    });
}

#[test]
fn a_cond_loses_no_signal() {
    check(|| {
        let state = Arc::new((Mutex::new(0), Cond::new()));
        let shared = state.clone();
        spawn_all(4, move |number| {
            let (count, changed) = &*shared;
            if number < 2 {
                let mut count = count.lock();
                while *count == 0 {
                    count = changed.wait(count);
                }
                *count -= 1;
            } else {
                *count.lock() += 1;
                changed.signal();
            }
        });
        assert_eq!(*state.0.lock(), 0);
    });
}

#[test]
fn a_broadcast_reaches_all_and_a_timeout_eats_no_signal() {
    check(|| {
        let state = Arc::new((Mutex::new((0, false)), Cond::new()));
        let shared = state.clone();
        spawn_all(4, move |number| {
            let (open, changed) = &*shared;
            match number {
                0 => {
                    open.lock().1 = true;
                    changed.broadcast();
                }
                1 => {
                    // Waits for a moment only; a signal that it has got is not another one's.
                    let (mut guard, timed_out) = changed.wait_timeout(open.lock(), Duration::from_millis(1));
                    guard.0 += usize::from(!timed_out);
                }
                _ => drop(changed.wait_while(open.lock(), |open| !open.1)),
            }
        });
        assert!(state.0.lock().1);
    });
}

#[test]
fn once_runs_once_and_all_wait_for_its_end() {
    check(|| {
        let state = Arc::new((Once::new(), AtomicUsize::new(0), AtomicBool::new(false)));
        let shared = state.clone();
        spawn_all(3, move |_| {
            shared.0.call_once(|| {
                shared.1.fetch_add(1, SeqCst);
                thread::yield_now();
                shared.2.store(true, SeqCst);
            });
            assert!(shared.2.load(SeqCst));
        });
        assert_eq!(state.1.load(SeqCst), 1);
    });
}

#[test]
fn a_failed_initialiser_passes_on_to_the_next_in_line() {
    check(|| {
        let state = Arc::new((OnceCell::new(), AtomicUsize::new(0)));
        let shared = state.clone();
        spawn_all(3, move |_| {
            let value = shared.0.get_or_try_init(|| {
                thread::yield_now();
                match shared.1.fetch_add(1, SeqCst) {
                    1 => Ok(7),
                    tries => Err(tries),
                }
            });
            assert!(value == Ok(&7) || value == Err(0));
        });
        assert_eq!(state.0.get(), Some(&7));
        assert_eq!(state.1.load(SeqCst), 2);
    });
}

#[test]
fn a_semaphore_loses_no_release_whoever_gives_up() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        let (ctx, cancel) = background().with_cancel();
        let out = Arc::new(AtomicUsize::new(0));
        let shared = (semaphore.clone(), out.clone(), ctx, cancel);
        spawn_all(4, move |number| {
            let (semaphore, out, ctx, cancel) = &shared;
            let weight = 1 + number % 2;
            let acquired = match number {
                0 | 1 => semaphore.acquire(&background(), weight),
                2 => semaphore.acquire(ctx, weight),
                _ => return cancel.cancel(),
            };
            if acquired.is_ok() {
                assert!(out.fetch_add(weight, SeqCst) + weight <= 2);
                thread::yield_now();
                out.fetch_sub(weight, SeqCst);
                semaphore.release(weight);
            }
        });
        assert!(semaphore.try_acquire(2));
    });
}

#[test]
fn a_semaphore_gives_nothing_to_whose_context_ended_before_there_was_enough() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        assert!(semaphore.try_acquire(1));
        let (ctx, cancel) = background().with_cancel();
        let acquiring = {
            let semaphore = semaphore.clone();
            thread::spawn(move || semaphore.acquire(&ctx, 2))
        };
        cancel.cancel();
        semaphore.release(1);
        assert!(acquiring.join().unwrap().is_err());
        assert!(semaphore.try_acquire(2));
    });
}

#[test]
fn a_semaphore_takes_all_or_nothing_when_a_context_ends_beside_the_release() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        assert!(semaphore.try_acquire(1));
        let (ctx, cancel) = background().with_cancel();
        let acquiring = {
            let semaphore = semaphore.clone();
            thread::spawn(move || semaphore.acquire(&ctx, 2))
        };
        // Behind it, and in need of what it gives up.
        let behind = {
            let semaphore = semaphore.clone();
            thread::spawn(move || {
                semaphore.acquire(&background(), 1).unwrap();
                semaphore.release(1);
            })
        };
        let cancelling = thread::spawn(move || cancel.cancel());
        semaphore.release(1);
        if acquiring.join().unwrap().is_ok() {
            semaphore.release(2);
        }
        behind.join().unwrap();
        cancelling.join().unwrap();
        assert!(semaphore.try_acquire(2));
    });
}

/// In a model a time may be over at any moment.
const SHORT: Duration = Duration::from_millis(1);

#[test]
fn whoever_gives_a_mutex_up_harms_no_waiter() {
    check(|| {
        let state = Arc::new((Mutex::new(0), AtomicUsize::new(0)));
        let shared = state.clone();
        spawn_all(4, move |number| {
            for _ in 0..2 {
                let guard = if number < 2 { shared.0.lock_timeout(SHORT) } else { Some(shared.0.lock()) };
                if let Some(mut count) = guard {
                    thread::yield_now();
                    *count += 1;
                    shared.1.fetch_add(1, SeqCst);
                }
            }
        });
        assert_eq!(*state.0.try_lock().expect("it is free"), state.1.load(SeqCst));
    });
}

#[test]
fn whoever_gives_a_rwlock_up_harms_no_waiter() {
    check(|| {
        let state = Arc::new((RwLock::new(0), AtomicUsize::new(0)));
        let shared = state.clone();
        spawn_all(5, move |number| {
            for _ in 0..2 {
                let write = match number {
                    0 => Some(shared.0.write()),
                    1 | 2 => shared.0.write_timeout(SHORT),
                    _ => None,
                };
                if let Some(mut value) = write {
                    *value += 1;
                    thread::yield_now();
                    assert_eq!(shared.1.fetch_add(1, SeqCst) + 1, *value);
                }
                let read = if number == 3 { shared.0.read_timeout(SHORT) } else { Some(shared.0.read()) };
                if let Some(value) = read {
                    let seen = *value;
                    thread::yield_now();
                    assert_eq!(*value, seen);
                }
            }
        });
        assert_eq!(*state.0.try_write().expect("it is free"), state.1.load(SeqCst));
    });
}
