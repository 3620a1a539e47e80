//! Row PO.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::common::Ledger;
use gochan::prelude::*;
use gochan::runtime;
use gochan::sync::{Mutex, Pool};

#[test]
fn po_01_get_returns_what_was_put_or_a_new_one() {
    let made = AtomicUsize::new(0);
    let pool = Pool::new(|| made.fetch_add(1, SeqCst));
    assert_eq!((pool.get(), pool.get()), (0, 1));
    pool.put(100);
    assert_eq!(pool.get(), 100);
    assert_eq!(pool.get(), 2);
    assert_eq!(Pool::<String>::default().get(), "");
}

#[gochan::test]
fn po_01_what_one_worker_put_another_finds() {
    let pool = Arc::new(Pool::new(|| -> u32 { unreachable!("there is one") }));
    pool.put(1);
    for worker in [0, 1, 0] {
        let moved = gochan::Builder::new().placement(gochan::Placement::Worker(worker)).spawn({
            let pool = pool.clone();
            move || {
                let value = pool.get();
                pool.put(value + 1);
            }
        });
        moved.join().unwrap();
    }
    assert_eq!(pool.get(), 4);
}

#[gochan::test]
fn po_01_no_value_is_handed_out_twice() {
    let next = Arc::new(AtomicUsize::new(0));
    let pool = {
        let next = next.clone();
        Arc::new(Pool::new(move || next.fetch_add(1, SeqCst)))
    };
    let held = Arc::new(Mutex::new(HashSet::new()));
    let wg = WaitGroup::new();
    for _ in 0..8 {
        let (pool, held) = (pool.clone(), held.clone());
        wg.go(move || {
            for turn in 0..1000 {
                let values = [pool.get(), pool.get()];
                assert!(values.iter().all(|value| held.lock().insert(*value)), "{values:?} is in use");
                if turn % 16 == 0 {
                    runtime::gosched();
                }
                for value in values {
                    assert!(held.lock().remove(&value));
                    pool.put(value);
                }
            }
        });
    }
    wg.wait();
    // Sixteen are in use at once. A few more may be made: what lies idle for a season is dropped, and somebody may put
    // a value back where the search for one has just been.
    assert!(next.load(SeqCst) < 1600, "{} were made for 16,000 uses by 8 users of 2", next.load(SeqCst));
}

#[test]
fn po_01_values_are_dropped_on_trim_and_with_the_pool() {
    let ledger = Ledger::default();
    let made = ledger.clone();
    let pool = Pool::new(move || made.value(0));
    let values: Vec<_> = (0..10).map(|_| pool.get()).collect();
    values.into_iter().for_each(|value| pool.put(value));
    assert_eq!((ledger.made(), ledger.dropped()), (10, 0));
    pool.trim();
    assert_eq!(ledger.dropped(), 10);
    pool.put(pool.get());
    drop(pool);
    ledger.balances();
}

#[test]
fn po_01_what_nobody_needs_goes_by_itself() {
    let ledger = Ledger::default();
    let made = ledger.clone();
    let pool = Pool::new(move || made.value(0));
    let crowd: Vec<_> = (0..500).map(|_| pool.get()).collect();
    crowd.into_iter().for_each(|value| pool.put(value));
    // From now on one is enough.
    for _ in 0..3000 {
        let value = pool.get();
        pool.put(value);
    }
    assert_eq!(ledger.dropped(), 499);
}

#[test]
fn po_01_a_lease_gives_back_also_on_panic_unless_it_is_kept() {
    let pool = Pool::new(Vec::new);
    let panicked = crate::common::panic_of(|| {
        let mut lease = pool.lease();
        lease.push(1);
        panic!("on purpose");
    });
    assert_eq!(panicked, "on purpose");
    let kept = gochan::sync::Lease::into_inner(pool.lease());
    assert_eq!(kept, [1]);
    assert!(pool.get().is_empty());
}
