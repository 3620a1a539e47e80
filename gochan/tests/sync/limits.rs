//! Waits that can be given up: for locks, conditions and groups, by a time or by a context; and guards that own their
//! lock.

// gochan-lint: allow-file(recursive_read) writers that come between are what is tested
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::*};
use std::time::{Duration, Instant};

use crate::common::{MOMENT, Plain, is_waiting, until_waiting, watchdog};
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::runtime::{self, State, WaitReason};
use gochan::sync::{
    ArcMutexGuard, ArcRwLockReadGuard, ArcRwLockWriteGuard, Cond, Map, Mutex, MutexGuard, RwLock,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_not_impl_any!(ArcMutexGuard<i32>: Send);
assert_not_impl_any!(ArcRwLockReadGuard<i32>: Send);
assert_not_impl_any!(ArcRwLockWriteGuard<i32>: Send);
assert_impl_all!(ArcMutexGuard<i32>: Sync);
assert_not_impl_any!(ArcMutexGuard<std::cell::Cell<i32>>: Sync);

const LONG: Duration = Duration::from_secs(3600);

fn reason_of<T>(goroutine: &gochan::JoinHandle<T>) -> WaitReason {
    let seen = runtime::goroutines().into_iter().find(|seen| seen.id == goroutine.id()).expect("it runs");
    match seen.state {
        State::Waiting(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[gochan::test]
fn a_lock_is_given_up_after_a_time() {
    let mutex = Arc::new(Mutex::new(0));
    let held = mutex.lock();
    let start = Instant::now();
    assert!(mutex.lock_timeout(MOMENT).is_none());
    assert!(start.elapsed() >= MOMENT);
    assert!(mutex.lock_timeout(Duration::ZERO).is_none());
    let patient = go!([mutex] { mutex.lock_timeout(LONG).map(|mut value| *value += 1) });
    until_waiting(&patient);
    assert_eq!(reason_of(&patient), WaitReason::Mutex);
    drop(held);
    assert_eq!(patient.join().unwrap(), Some(()));
    assert_eq!(*mutex.lock_timeout(Duration::ZERO).unwrap(), 1);
    assert_eq!(*mutex.lock_timeout(Duration::MAX).unwrap(), 1);
}

#[gochan::test]
fn a_lock_is_given_up_at_the_end_of_a_context() {
    let mutex = Arc::new(Mutex::new(0));
    let (ctx, cancel) = background().with_cancel();
    let held = mutex.lock();
    let waiting = go!([mutex, ctx] { mutex.lock_ctx(&ctx).map(|value| *value) });
    until_waiting(&waiting);
    assert_eq!(reason_of(&waiting), WaitReason::Mutex);
    cancel.cancel();
    assert_eq!(waiting.join().unwrap(), Err(ContextError::Canceled));
    assert!(mutex.lock_ctx(&ctx).is_err());
    drop(held);
    // Even a free lock is not taken for work that is over.
    assert!(mutex.lock_ctx(&ctx).is_err());
    assert_eq!(*mutex.lock_ctx(&background()).unwrap(), 0);
    let (ctx, _cancel) = background().with_timeout(LONG);
    assert_eq!(*mutex.lock_ctx(&ctx).unwrap(), 0);
}

#[gochan::test]
fn the_next_in_line_is_served_when_one_gives_up() {
    let mutex = Arc::new(Mutex::new(Vec::new()));
    let (ctx, cancel) = background().with_cancel();
    let held = mutex.lock();
    let gives_up = go!([mutex, ctx] { mutex.lock_ctx(&ctx).is_err() });
    until_waiting(&gives_up);
    let stays = go!([mutex] { mutex.lock().push(1) });
    until_waiting(&stays);
    cancel.cancel();
    assert!(gives_up.join().unwrap());
    assert!(is_waiting(&stays));
    drop(held);
    stays.join().unwrap();
    assert_eq!(*mutex.lock(), [1]);
}

/// Goroutines that wait for ever, for a time or for a context, in all orders; none is lost, and nothing is inside
/// together.
#[test]
fn a_mutex_excludes_whoever_gives_up_beside_it() {
    let _watchdog = watchdog();
    const TURNS: usize = if cfg!(debug_assertions) { 1_500 } else { 10_000 };
    let mutex = Arc::new(Mutex::new(Plain::default()));
    let locked = Arc::new(AtomicUsize::new(0));
    let body = {
        let (mutex, locked) = (mutex.clone(), locked.clone());
        move |number: usize| {
            let change = |guard: MutexGuard<'_, Plain>, turn: usize| {
                guard.set(guard.get() + 1);
                if turn.is_multiple_of(7) {
                    runtime::gosched();
                }
                locked.fetch_add(1, Relaxed);
            };
            for turn in 0..TURNS {
                let short = Duration::from_micros((turn * number % 60) as u64);
                match (turn + number) % 4 {
                    0 => change(mutex.lock(), turn),
                    1 | 2 => drop(mutex.lock_timeout(short).map(|guard| change(guard, turn))),
                    _ => {
                        let (ctx, _cancel) = background().with_timeout(short);
                        let _ = mutex.lock_ctx(&ctx).map(|guard| change(guard, turn));
                    }
                }
            }
        }
    };
    let goroutines: Vec<_> = (0..8).map(|number| go!([body] { body(number) })).collect();
    let thread = std::thread::spawn(move || body(9));
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    thread.join().unwrap();
    assert_eq!(mutex.lock().get(), locked.load(Relaxed) as u64);
    assert!(mutex.try_lock().is_some(), "it stays locked");
}

#[gochan::test]
fn a_reader_gives_up_while_a_writer_is_inside() {
    let lock = Arc::new(RwLock::new(0));
    let (ctx, cancel) = background().with_cancel();
    let writing = lock.write();
    assert!(lock.read_timeout(MOMENT).is_none());
    assert!(lock.read_timeout(Duration::ZERO).is_none());
    let reading = go!([lock, ctx] { lock.read_ctx(&ctx).map(|value| *value) });
    until_waiting(&reading);
    assert_eq!(reason_of(&reading), WaitReason::RwLockRead);
    cancel.cancel();
    assert_eq!(reading.join().unwrap(), Err(ContextError::Canceled));
    let reading = go!([lock] { lock.read_timeout(LONG).map(|value| *value) });
    until_waiting(&reading);
    drop(writing);
    assert_eq!(reading.join().unwrap(), Some(0));
    // None of the readers that have given up counts as inside.
    assert!(lock.try_write().is_some());
    assert!(lock.read_ctx(&ctx).is_err());
    assert!(lock.read_ctx(&background()).is_ok());
}

#[gochan::test]
fn a_writer_gives_up_while_readers_are_inside_and_lets_others_in() {
    let lock = Arc::new(RwLock::new(0));
    let (ctx, cancel) = background().with_cancel();
    let reading = lock.read();
    let writing = go!([lock, ctx] { lock.write_ctx(&ctx).map(|mut value| *value += 1) });
    until_waiting(&writing);
    assert_eq!(reason_of(&writing), WaitReason::RwLockWrite);
    // Held off, until the writer is gone.
    let held_off = go!([lock] { *lock.read() });
    until_waiting(&held_off);
    assert!(lock.try_read().is_none());
    assert!(lock.read_timeout(MOMENT).is_none());
    cancel.cancel();
    assert_eq!(writing.join().unwrap(), Err(ContextError::Canceled));
    assert_eq!(held_off.join().unwrap(), 0);
    assert_eq!(*lock.read() + *lock.try_read().unwrap() + *lock.read_timeout(Duration::ZERO).unwrap(), 0);
    assert!(lock.try_write().is_none() && lock.write_timeout(MOMENT).is_none());
    // The next writer waits for the readers from before and from after.
    let later = lock.read();
    let next = go!([lock] { *lock.write() += 1 });
    until_waiting(&next);
    drop(reading);
    assert!(is_waiting(&next));
    drop(later);
    next.join().unwrap();
    assert_eq!(*lock.write_timeout(Duration::ZERO).unwrap(), 1);
    assert!(lock.try_write().is_some());
}

#[gochan::test]
fn a_writer_gives_up_behind_another_writer() {
    let lock = Arc::new(RwLock::new(0));
    let writing = lock.write();
    let (ctx, _cancel) = background().with_timeout(MOMENT);
    assert_eq!(lock.write_ctx(&ctx).err(), Some(ContextError::DeadlineExceeded));
    let next = go!([lock] { lock.write_timeout(LONG).map(|mut value| *value += 1) });
    until_waiting(&next);
    drop(writing);
    assert_eq!(next.join().unwrap(), Some(()));
    assert_eq!(*lock.read(), 1);
}

#[test]
fn a_rwlock_excludes_whoever_gives_up_beside_it() {
    let _watchdog = watchdog();
    const TURNS: usize = if cfg!(debug_assertions) { 1_500 } else { 10_000 };
    const WRITER: isize = -1_000_000;
    let lock = Arc::new(RwLock::new(Plain::default()));
    let inside = Arc::new(AtomicIsize::new(0));
    let written = Arc::new(AtomicUsize::new(0));
    let body = {
        let (lock, inside, written) = (lock.clone(), inside.clone(), written.clone());
        move |number: usize| {
            let write = |value: &Plain, turn: usize| {
                assert_eq!(inside.fetch_add(WRITER, SeqCst), 0);
                value.set(value.get() + 1);
                if turn.is_multiple_of(5) {
                    runtime::gosched();
                }
                written.fetch_add(1, Relaxed);
                inside.fetch_sub(WRITER, SeqCst);
            };
            let read = |turn: usize| {
                assert!(inside.fetch_add(1, SeqCst) >= 0);
                if turn.is_multiple_of(3) {
                    runtime::gosched();
                }
                inside.fetch_sub(1, SeqCst);
            };
            for turn in 0..TURNS {
                let short = Duration::from_micros((turn * number % 40) as u64);
                let (ctx, _cancel) = background().with_timeout(short);
                match (turn * 3 + number) % 11 {
                    0 => write(&lock.write(), turn),
                    1 => drop(lock.write_timeout(short).map(|value| write(&value, turn))),
                    2 => drop(lock.write_ctx(&ctx).map(|value| write(&value, turn))),
                    3 => drop(lock.try_write().map(|value| write(&value, turn))),
                    4 | 5 => drop(lock.read_timeout(short).map(|_value| read(turn))),
                    6 => drop(lock.read_ctx(&ctx).map(|_value| read(turn))),
                    7 => drop(lock.try_read().map(|_value| read(turn))),
                    _ => {
                        let _value = lock.read();
                        read(turn);
                    }
                }
            }
        }
    };
    let goroutines: Vec<_> = (0..8).map(|number| go!([body] { body(number) })).collect();
    let thread = std::thread::spawn(move || body(9));
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    thread.join().unwrap();
    assert_eq!(lock.try_write().expect("all have left").get(), written.load(Relaxed) as u64);
}

#[gochan::test]
fn a_condition_is_waited_for_with_the_guard_of_any_lock() {
    let changed = Arc::new(Cond::new());
    let lock = Arc::new(RwLock::new(0));
    let reader = go!([lock, changed] {
        let mut value = lock.read();
        while *value < 1 {
            value = changed.wait(value);
        }
        *value
    });
    until_waiting(&reader);
    let writer = go!([lock, changed] { *changed.wait_while(lock.write(), |value| *value < 1) += 1 });
    until_waiting(&writer);
    *lock.write() = 1;
    changed.broadcast();
    assert!(reader.join().unwrap() >= 1);
    writer.join().unwrap();
    assert_eq!(*lock.read(), 2);
    assert!(lock.try_write().is_some());
    let mutex = Arc::new(Mutex::new(0));
    let owner = go!([mutex, changed] { *changed.wait_while(mutex.lock_arc(), |value| *value == 0) });
    until_waiting(&owner);
    *mutex.lock() = 3;
    changed.signal();
    assert_eq!(owner.join().unwrap(), 3);
    let (guard, timed_out) = changed.wait_timeout(lock.write_arc(), MOMENT);
    assert!(timed_out && lock.try_read().is_none());
    drop(guard);
    let (guard, timed_out) = changed.wait_timeout(lock.read_arc(), MOMENT);
    assert!(timed_out && lock.try_write().is_none() && lock.try_read().is_some());
    drop(guard);
    assert!(lock.try_write().is_some());
}

#[gochan::test]
fn a_condition_is_given_up_at_the_end_of_a_context() {
    let shared = Arc::new((Mutex::new(0), Cond::new()));
    let (ctx, cancel) = background().with_cancel();
    let wait = |ctx: &Context| {
        let (shared, ctx) = (shared.clone(), ctx.clone());
        let waiting = go!({
            let (value, result) = shared.1.wait_ctx(&ctx, shared.0.lock());
            (result, shared.0.try_lock().is_none(), *value)
        });
        until_waiting(&waiting);
        waiting
    };
    let (one, other) = (wait(&ctx), wait(&background().with_value(1)));
    assert_eq!(reason_of(&one), WaitReason::Cond);
    cancel.cancel();
    assert_eq!(one.join().unwrap(), (Err(ContextError::Canceled), true, 0));
    assert!(is_waiting(&other));
    shared.1.signal();
    assert_eq!(other.join().unwrap(), (Ok(()), true, 0));
    let (ctx, _cancel) = background().with_timeout(LONG);
    let signalled = wait(&ctx);
    shared.1.signal();
    assert_eq!(signalled.join().unwrap().0, Ok(()));
    let (ctx, cancel) = background().with_cancel();
    cancel.cancel();
    let (_guard, result) = shared.1.wait_ctx(&ctx, shared.0.lock());
    assert_eq!(result, Err(ContextError::Canceled));
}

#[gochan::test]
fn a_guard_that_owns_its_lock_outlives_the_other_handles() {
    let locks = Map::new();
    locks.store(1, Arc::new(Mutex::new(String::from("one"))));
    let mut guard = locks.load_and_delete(&1).unwrap().lock_arc();
    guard.push_str(" more");
    assert_eq!(*guard, "one more");
    assert!(ArcMutexGuard::source(&guard).try_lock().is_none());
    let mutex = ArcMutexGuard::source(&guard).clone();
    drop(guard);
    assert!(mutex.try_lock().is_some());
    let lock = Arc::new(RwLock::new(5));
    let (one, other) = (lock.read_arc(), lock.read_arc());
    assert_eq!((*one + *other, format!("{one:?}"), one.to_string()), (10, "5".to_owned(), "5".to_owned()));
    drop((one, other));
    *lock.write_arc() += 1;
    assert_eq!(Arc::try_unwrap(lock).unwrap().into_inner(), 6);
}

#[gochan::test]
fn a_group_is_given_up_after_a_time_or_at_the_end_of_a_context() {
    let (wg, gate) = (WaitGroup::new(), chan!(()));
    assert!(wg.wait_timeout(Duration::ZERO));
    drop(wg.go({
        let gate = gate.clone();
        move || gate.recv()
    }));
    assert!(!wg.wait_timeout(Duration::ZERO));
    assert!(!wg.wait_timeout(MOMENT));
    let (ctx, cancel) = background().with_cancel();
    let waiting = go!([wg, ctx] { wg.wait_ctx(&ctx) });
    until_waiting(&waiting);
    assert_eq!(reason_of(&waiting), WaitReason::WaitGroup);
    let patient = go!([wg] { wg.wait_timeout(LONG) });
    until_waiting(&patient);
    let most_patient = go!([wg] { wg.wait_ctx(&background()) });
    cancel.cancel();
    assert_eq!(waiting.join().unwrap(), Err(ContextError::Canceled));
    assert_eq!(wg.wait_ctx(&ctx), Err(ContextError::Canceled));
    close!(gate);
    assert!(patient.join().unwrap());
    assert_eq!(most_patient.join().unwrap(), Ok(()));
    assert!(wg.wait_timeout(Duration::MAX));
}

#[gochan::test]
fn the_end_of_a_group_is_an_arm() {
    let wg = WaitGroup::new();
    assert!(wg.finished().is_closed());
    for round in 0..3 {
        wg.add(2);
        let finished = wg.finished();
        assert!(finished.same_channel(&wg.finished()));
        let waiting = go!([wg] {
            select! {
                <-wg.finished() => round,
            }
        });
        until_waiting(&waiting);
        wg.done();
        select! {
            <-finished => panic!("too early"),
            default => {}
        }
        wg.add(1);
        wg.done();
        assert!(is_waiting(&waiting));
        wg.done();
        assert_eq!(waiting.join().unwrap(), round);
        recv!(finished);
        assert!(wg.finished().is_closed());
    }
    wg.add(1);
    let abandoned = wg.finished();
    drop(wg);
    recv!(abandoned);
}

#[test]
fn a_group_is_waited_for_in_all_ways_at_once() {
    let _watchdog = watchdog();
    for round in 0..200 {
        let wg = WaitGroup::new();
        wg.add(4);
        let waiting: Vec<_> = (0..8)
            .map(|number| {
                go!([wg] {
                    match number % 4 {
                        0 => wg.wait(),
                        1 => recv!(wg.finished()),
                        2 => while !wg.wait_timeout(Duration::from_micros(round + 1)) {},
                        _ => {
                            let (ctx, _cancel) = background().with_timeout(Duration::from_micros(round + 1));
                            if wg.wait_ctx(&ctx).is_err() {
                                wg.wait();
                            }
                        }
                    }
                })
            })
            .collect();
        for _ in 0..4 {
            go!([wg] { wg.done() });
        }
        waiting.into_iter().for_each(|waiting| waiting.join().unwrap());
    }
}
