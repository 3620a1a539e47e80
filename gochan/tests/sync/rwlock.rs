//! Rows RW. That an attempted upgrade shows in the deadlock report is proved where that report is tested; here, that
//! the wait is told with its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::*};
use std::thread;

use crate::common::{Plain, is_waiting, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, State, WaitReason};
use gochan::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_not_impl_any!(RwLockReadGuard<'static, i32>: Send);
assert_not_impl_any!(RwLockWriteGuard<'static, i32>: Send);
assert_impl_all!(RwLockReadGuard<'static, i32>: Sync);
assert_impl_all!(RwLock<i32>: Send, Sync, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_not_impl_any!(RwLock<std::cell::Cell<i32>>: Sync);

static STATIC: RwLock<u64> = RwLock::new(7);

#[gochan::test]
fn rw_01_readers_overlap() {
    let lock = Arc::new(RwLock::new(3));
    let inside = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..10)
        .map(|_| {
            go!([lock, inside] {
                let value = lock.read();
                inside.fetch_add(1, SeqCst);
                // Each stays inside until all are.
                until(|| {
                    runtime::gosched();
                    inside.load(SeqCst) == 10
                });
                *value
            })
        })
        .collect();
    assert!(readers.into_iter().all(|reader| reader.join().unwrap() == 3));
    assert_eq!(*STATIC.read(), 7);
}

#[test]
fn rw_01_a_writer_excludes_everybody() {
    let _watchdog = watchdog();
    const TURNS: usize = if cfg!(debug_assertions) { 4_000 } else { 20_000 };
    let lock = Arc::new(RwLock::new(Plain::default()));
    // Readers count up, a writer takes a large number off.
    let inside = Arc::new(AtomicIsize::new(0));
    const WRITER: isize = -1_000_000;
    let body = {
        let (lock, inside) = (lock.clone(), inside.clone());
        move |turn: usize| {
            if turn.is_multiple_of(10) {
                let value = lock.write();
                assert_eq!(inside.fetch_add(WRITER, SeqCst), 0);
                value.set(value.get() + 1);
                if turn.is_multiple_of(100) {
                    runtime::gosched();
                }
                assert_eq!(inside.fetch_sub(WRITER, SeqCst), WRITER);
            } else {
                let value = lock.read();
                assert!(inside.fetch_add(1, SeqCst) >= 0);
                let seen = value.get();
                if turn.is_multiple_of(33) {
                    runtime::gosched();
                }
                assert_eq!(value.get(), seen);
                assert!(inside.fetch_sub(1, SeqCst) > 0);
            }
        }
    };
    let goroutines: Vec<_> = (0..8).map(|_| go!([body] { (0..TURNS).for_each(body) })).collect();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let body = body.clone();
            thread::spawn(move || (0..TURNS).for_each(body))
        })
        .collect();
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(lock.read().get(), 10 * (TURNS as u64).div_ceil(10));
}

#[gochan::test]
fn rw_02_a_waiting_writer_holds_off_new_readers_and_these_go_before_the_next_writer() {
    let lock = Arc::new(RwLock::new(Vec::new()));
    let first = lock.read();
    let write = |name: &'static str| {
        let writer = go!([lock] { lock.write().push(name) });
        until_waiting(&writer);
        writer
    };
    let one = write("first writer");
    let readers: Vec<_> = (0..5)
        .map(|_| {
            let reader = go!([lock] { lock.read().clone() });
            until_waiting(&reader);
            reader
        })
        .collect();
    let other = write("second writer");
    assert!(is_waiting(&one) && is_waiting(&other) && readers.iter().all(is_waiting));
    assert!(lock.try_read().is_none());
    drop(first);
    for reader in readers {
        assert_eq!(reader.join().unwrap(), ["first writer"]);
    }
    one.join().unwrap();
    other.join().unwrap();
    assert_eq!(*lock.read(), ["first writer", "second writer"]);
}

#[gochan::test]
fn rw_03_a_writer_gets_in_among_readers_that_never_cease() {
    let lock = Arc::new(RwLock::new(false));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            go!([lock] {
                loop {
                    let done = lock.read();
                    runtime::gosched();
                    if *done {
                        break;
                    }
                }
            })
        })
        .collect();
    for _ in 0..3 {
        let writer = go!([lock] { drop(lock.write()) });
        writer.join().unwrap();
    }
    *lock.write() = true;
    readers.into_iter().for_each(|reader| reader.join().unwrap());
}

#[gochan::test]
fn rw_03_a_reader_gets_in_among_writers_that_never_cease() {
    let lock = Arc::new(RwLock::new(0_u64));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            go!([lock, stop] {
                while !stop.load(SeqCst) {
                    *lock.write() += 1;
                    runtime::gosched();
                }
            })
        })
        .collect();
    for _ in 0..20 {
        go!([lock] { *lock.read() }).join().unwrap();
    }
    stop.store(true, SeqCst);
    writers.into_iter().for_each(|writer| writer.join().unwrap());
}

#[test]
fn rw_03_an_attempted_upgrade_is_told() {
    let _watchdog = watchdog();
    let lock: &RwLock<()> = Box::leak(Box::default());
    let line = line!() + 3;
    let stuck = go!(|| {
        let _reader = lock.read();
        let _writer = lock.write();
    }());
    until_waiting(&stuck);
    let told = runtime::goroutines().into_iter().find(|info| info.id == stuck.id()).unwrap();
    assert_eq!(told.state, State::Waiting(WaitReason::RwLockWrite));
    assert_eq!(told.waiting_at.unwrap().line(), line);
    // Whoever reads now waits behind it.
    let reader = go!({ drop(lock.read()) });
    until_waiting(&reader);
    let told = runtime::goroutines().into_iter().find(|info| info.id == reader.id()).unwrap();
    assert_eq!(told.state, State::Waiting(WaitReason::RwLockRead));
}

#[test]
fn rw_04_trying() {
    let lock = RwLock::new(1);
    let one = lock.try_read().unwrap();
    let other = lock.read();
    assert_eq!(*one + *other, 2);
    assert!(lock.try_write().is_none());
    drop((one, other));
    let mut writer = lock.try_write().unwrap();
    *writer = 2;
    assert!(lock.try_read().is_none() && lock.try_write().is_none());
    drop(writer);
    assert_eq!(*lock.try_read().unwrap(), 2);
    assert!(lock.try_write().is_some());
}

#[gochan::test]
fn rw_04_a_downgraded_writer_lets_readers_in_and_keeps_writers_out() {
    let lock = Arc::new(RwLock::new(1));
    let mut writer = lock.write();
    let waiting = go!([lock] { *lock.read() });
    until_waiting(&waiting);
    *writer = 2;
    let reader = RwLockWriteGuard::downgrade(writer);
    assert_eq!(waiting.join().unwrap(), 2);
    assert_eq!(*lock.read(), 2);
    assert!(lock.try_write().is_none());
    let next = go!([lock] { *lock.write() = 3 });
    until_waiting(&next);
    assert_eq!(*reader, 2);
    drop(reader);
    next.join().unwrap();
    assert_eq!(*lock.read(), 3);
}

#[gochan::test]
fn rw_04_trying_beside_readers_of_every_worker() {
    const TURNS: usize = if cfg!(debug_assertions) { 5_000 } else { 50_000 };
    let lock = Arc::new(RwLock::new(Plain::default()));
    let written = Arc::new(AtomicUsize::new(0));
    let wg = WaitGroup::new();
    for _ in 0..8 {
        let (lock, written) = (lock.clone(), written.clone());
        wg.go(move || {
            for turn in 0..TURNS {
                if turn % 50 == 49 {
                    if let Some(value) = lock.try_write() {
                        value.set(value.get() + 1);
                        written.fetch_add(1, Relaxed);
                        drop(RwLockWriteGuard::downgrade(value));
                    }
                } else if let Some(value) = lock.try_read() {
                    let seen = value.get();
                    assert_eq!(value.get(), seen);
                }
            }
        });
    }
    wg.wait();
    assert_eq!(lock.read().get(), written.load(Relaxed) as u64);
}

#[gochan::test]
fn rw_04_a_panic_unlocks_and_poisons_nothing() {
    let lock = Arc::new(RwLock::new(1));
    for write in [true, false] {
        let panicking = go!([lock] {
            if write {
                let _guard = lock.write();
                panic!("on purpose");
            }
            let _guard = lock.read();
            panic!("on purpose");
        });
        assert!(panicking.join().is_err());
        assert!(lock.try_write().is_some());
    }
    let mut lock = Arc::into_inner(lock).unwrap();
    *lock.get_mut() += 1;
    assert_eq!(format!("{lock:?}"), "RwLock { value: 2 }");
    assert_eq!(lock.into_inner(), 2);
}
