//! Readers, in the word and in shards, with a writer, under a weak memory model.

use super::*;
use crate::sched::park::WaitReason;
use crate::shim::{UnsafeCell, WORKER, check};
use crate::sync::limit::Limit;
use loom::thread;
use std::panic::Location;
use std::sync::Arc;

struct Locked {
    lock: RawRwLock,
    value: UnsafeCell<u32>,
}

// SAFETY: that the lock protects the value is what the models check.
unsafe impl Sync for Locked {}
// SAFETY: as above.
unsafe impl Send for Locked {}

impl Locked {
    fn new(sharded: bool) -> Arc<Locked> {
        let lock = RawRwLock::new();
        if sharded {
            lock.spread(2);
        }
        Arc::new(Locked { lock, value: UnsafeCell::new(0) })
    }

    fn get(&self) -> u32 {
        // SAFETY: see `Sync`.
        self.value.with(|value| unsafe { *value })
    }

    fn add_one(&self) {
        // SAFETY: see `Sync`.
        self.value.with_mut(|value| unsafe { *value += 1 });
    }

    fn read(&self) -> u32 {
        let counted = self.lock.read(Location::caller());
        let value = self.get();
        self.lock.end_read(counted);
        value
    }

    fn write(&self) {
        self.lock.write(Location::caller());
        self.add_one();
        self.lock.end_write();
    }
}

/// Spawns a thread that acts as worker number `worker`.
fn spawn(
    worker: usize,
    locked: &Arc<Locked>,
    body: impl FnOnce(&Locked) + 'static,
) -> thread::JoinHandle<()> {
    let locked = locked.clone();
    thread::spawn(move || {
        WORKER.with(|of_thread| of_thread.set(worker));
        body(&locked);
    })
}

/// Two readers, which are counted apart if there are shards, and a writer.
fn readers_and_a_writer(sharded: bool) {
    check(if sharded { 2 } else { 3 }, move || {
        let locked = Locked::new(sharded);
        let readers = [0, 1].map(|worker| spawn(worker, &locked, |locked| assert!(locked.read() <= 1)));
        locked.write();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        assert_eq!(locked.read(), 1);
    });
}

#[test]
fn readers_keep_a_writer_out() {
    readers_and_a_writer(false);
}

#[test]
fn readers_of_shards_keep_a_writer_out() {
    readers_and_a_writer(true);
}

/// A reader and a writer that only try the lock.
fn tries(sharded: bool) {
    check(3, move || {
        let locked = Locked::new(sharded);
        let reader = spawn(1, &locked, |locked| {
            if let Some(counted) = locked.lock.try_read(Location::caller()) {
                assert!(locked.get() <= 1);
                locked.lock.end_read(counted);
            }
        });
        if locked.lock.try_write(Location::caller()) {
            locked.add_one();
            locked.lock.end_write();
        }
        assert!(locked.read() <= 1);
        reader.join().unwrap();
        assert!(locked.lock.try_write(Location::caller()), "it stays locked");
    });
}

#[test]
fn tries_keep_each_other_out() {
    tries(false);
}

#[test]
fn tries_of_shards_keep_each_other_out() {
    tries(true);
}

#[test]
fn shards_appear_beside_a_reader_and_a_writer() {
    check(2, || {
        let locked = Locked::new(false);
        let maker = spawn(1, &locked, |locked| {
            let counted = locked.lock.read(Location::caller());
            if counted.is_none() {
                locked.lock.spread(2);
            }
            assert!(locked.get() <= 1);
            locked.lock.end_read(counted);
        });
        let reader = spawn(0, &locked, |locked| assert!(locked.read() <= 1));
        locked.write();
        maker.join().unwrap();
        reader.join().unwrap();
        assert_eq!(locked.read(), 1);
    });
}

/// The first writer ends the spreading, so the second one leaves the shards alone.
#[test]
fn a_reader_of_a_shard_that_is_given_up_keeps_no_writer_in() {
    check(2, || {
        let locked = Locked::new(true);
        let reader = spawn(1, &locked, |locked| assert!(locked.read() <= 2));
        locked.write();
        assert_eq!(locked.lock.state.load(Relaxed) & SPREAD, 0, "the reads are too few");
        locked.write();
        reader.join().unwrap();
        assert_eq!(locked.read(), 2);
    });
}

/// A reader lets readers spread again, beside another reader and a writer.
#[test]
fn readers_spread_again() {
    check(2, || {
        let locked = Locked::new(true);
        locked.write();
        let spreader = spawn(1, &locked, |locked| {
            let counted = locked.lock.read(Location::caller());
            if counted.is_none() {
                locked.lock.spread(2);
            }
            assert!((1..=2).contains(&locked.get()));
            locked.lock.end_read(counted);
        });
        let reader = spawn(0, &locked, |locked| assert!((1..=2).contains(&locked.read())));
        locked.write();
        spreader.join().unwrap();
        reader.join().unwrap();
        assert_eq!(locked.read(), 2);
    });
}

#[test]
fn writers_take_turns() {
    check(3, || {
        let locked = Locked::new(false);
        let writer = spawn(1, &locked, |locked| locked.write());
        locked.write();
        writer.join().unwrap();
        assert_eq!(locked.read(), 2);
    });
}

#[test]
fn a_downgrade_lets_readers_in() {
    check(3, || {
        let locked = Locked::new(false);
        let reader = spawn(1, &locked, |locked| assert!(locked.read() <= 1));
        locked.lock.write(Location::caller());
        locked.add_one();
        locked.lock.downgrade();
        assert_eq!(locked.get(), 1);
        locked.lock.end_read(None);
        reader.join().unwrap();
    });
}

#[test]
fn a_mutex_excludes_and_wakes() {
    // The seed also decides whether a wait counts as long.
    for seed in 0..4 {
        check(2, move || {
            let locked = Locked::new(false);
            let add = move |locked: &Locked| {
                crate::base::random::restart(seed);
                let mutex = &locked.lock.writers;
                mutex.lock(WaitReason::Mutex, Location::caller());
                locked.add_one();
                mutex.unlock();
            };
            let others = [0, 1].map(|worker| spawn(worker, &locked, add));
            add(&locked);
            others.into_iter().for_each(|other| other.join().unwrap());
            assert_eq!(locked.get(), 3);
        });
    }
}

#[test]
fn a_mutex_that_is_tried_excludes() {
    check(3, || {
        let locked = Locked::new(false);
        let other = spawn(1, &locked, |locked| {
            let mutex = &locked.lock.writers;
            if mutex.try_lock(Location::caller()) {
                locked.add_one();
                mutex.unlock();
            }
        });
        let mutex = &locked.lock.writers;
        mutex.lock(WaitReason::Mutex, Location::caller());
        locked.add_one();
        mutex.unlock();
        other.join().unwrap();
        assert!((1..=2).contains(&locked.get()));
    });
}

/// A writer that gives up while a reader is inside, or another one arrives.
fn gives_up_writing(sharded: bool) {
    check(2, move || {
        let locked = Locked::new(sharded);
        let readers = [0, 1].map(|worker| spawn(worker, &locked, |locked| assert!(locked.read() <= 1)));
        if locked.lock.write_within(&Limit::Now, Location::caller()) {
            locked.add_one();
            locked.lock.end_write();
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        assert!(locked.lock.try_write(Location::caller()), "it stays locked");
    });
}

#[test]
fn a_writer_that_gives_up_lets_readers_in() {
    gives_up_writing(false);
}

#[test]
fn a_writer_that_gives_up_lets_readers_of_shards_in() {
    gives_up_writing(true);
}

#[test]
fn a_writer_takes_over_from_one_that_gave_up() {
    check(2, || {
        let locked = Locked::new(false);
        let reader = spawn(1, &locked, |locked| assert!(locked.read() <= 2));
        let other = spawn(0, &locked, Locked::write);
        if locked.lock.write_within(&Limit::Now, Location::caller()) {
            locked.add_one();
            locked.lock.end_write();
        }
        reader.join().unwrap();
        other.join().unwrap();
        assert!(locked.lock.try_write(Location::caller()), "it stays locked");
    });
}

#[test]
fn a_reader_that_gives_up_takes_its_count_with_it() {
    check(2, || {
        let locked = Locked::new(false);
        let gives_up = |locked: &Locked| {
            if let Some(counted) = locked.lock.read_within(&Limit::Now, Location::caller()) {
                assert!(locked.get() <= 1);
                locked.lock.end_read(counted);
            }
        };
        let readers = [spawn(1, &locked, gives_up), spawn(0, &locked, |locked| assert!(locked.read() <= 1))];
        locked.write();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        assert!(locked.lock.try_write(Location::caller()), "it stays locked");
    });
}
