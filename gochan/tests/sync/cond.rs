//! Row CO.

// gochan-lint: allow-file(cond_wait_without_loop) each test knows what comes first
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::common::{MOMENT, is_waiting, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, State, WaitReason};
use gochan::sync::{Cond, Mutex};

#[derive(Default)]
struct Shared<T> {
    value: Mutex<T>,
    changed: Cond,
}

#[gochan::test]
fn co_01_wait_unlocks_and_locks_again() {
    let shared = Arc::new(Shared::<i32>::default());
    let line = line!() + 3;
    let waiter = go!([shared] {
        let value = shared.value.lock();
        let value = shared.changed.wait(value);
        let locked = shared.value.try_lock().is_none();
        (*value, locked)
    });
    until_waiting(&waiter);
    let told = runtime::goroutines().into_iter().find(|info| info.id == waiter.id()).unwrap();
    assert_eq!(told.state, State::Waiting(WaitReason::Cond));
    assert_eq!(told.waiting_at.unwrap().line(), line);
    *shared.value.lock() = 5;
    assert!(is_waiting(&waiter));
    shared.changed.signal();
    assert_eq!(waiter.join().unwrap(), (5, true));
}

#[gochan::test]
fn co_01_signal_wakes_the_longest_waiter_and_broadcast_all() {
    let shared = Arc::new(Shared::<Vec<usize>>::default());
    let waiters: Vec<_> = (0..20)
        .map(|number| {
            let waiter = go!([shared] { shared.changed.wait(shared.value.lock()).push(number) });
            until_waiting(&waiter);
            waiter
        })
        .collect();
    let mut waiters = VecDeque::from(waiters);
    for number in 0..10 {
        shared.changed.signal();
        waiters.pop_front().unwrap().join().unwrap();
        assert_eq!(shared.value.lock().last(), Some(&number));
    }
    assert!(waiters.iter().all(is_waiting));
    shared.changed.broadcast();
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_eq!(shared.value.lock().len(), 20);
    // Nobody is left for these.
    shared.changed.signal();
    shared.changed.broadcast();
}

#[test]
fn co_01_no_wake_up_is_lost_between_unlock_and_wait() {
    let _watchdog = watchdog();
    const VALUES: u64 = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
    // A queue of one place, with waiters on both sides.
    let queue = Arc::new(Shared::<Option<u64>>::default());
    let taken = Arc::new(Shared::<()>::default());
    let producer = go!([queue, taken] {
        for value in 1..=VALUES {
            let mut place = queue.value.lock();
            while place.is_some() {
                place = taken.changed.wait(place);
            }
            *place = Some(value);
            drop(place);
            queue.changed.signal();
        }
    });
    let consumer = move || {
        let mut sum = 0;
        for _ in 0..VALUES {
            let mut place = queue.changed.wait_while(queue.value.lock(), |place| place.is_none());
            sum += place.take().unwrap();
            taken.changed.signal();
        }
        sum
    };
    assert_eq!(thread::spawn(consumer).join().unwrap(), VALUES * (VALUES + 1) / 2);
    producer.join().unwrap();
}

#[gochan::test]
fn co_01_a_wait_with_a_limit_ends_and_takes_no_signal_of_others() {
    let shared = Arc::new(Shared::<bool>::default());
    let (guard, timed_out) = shared.changed.wait_timeout(shared.value.lock(), MOMENT);
    assert!(timed_out && shared.value.try_lock().is_none());
    drop(guard);
    let patient = go!([shared] { drop(shared.changed.wait(shared.value.lock())) });
    until_waiting(&patient);
    assert!(shared.changed.wait_timeout(shared.value.lock(), MOMENT).1);
    shared.changed.signal();
    patient.join().unwrap();
    let signalled = go!([shared] { shared.changed.wait_timeout(shared.value.lock(), Duration::MAX).1 });
    until_waiting(&signalled);
    shared.changed.signal();
    assert!(!signalled.join().unwrap());
    let signalled = go!([shared] {
        shared.changed.wait_timeout(shared.value.lock(), Duration::from_secs(3600)).1
    });
    until_waiting(&signalled);
    shared.changed.broadcast();
    assert!(!signalled.join().unwrap());
}
