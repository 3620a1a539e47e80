//! Row MA.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

use crate::common::{Ledger, Seeded, seeded};
use gochan::prelude::*;
use gochan::runtime;
use gochan::sync::Map;

#[test]
fn ma_01_each_operation_does_what_its_name_says() {
    let map = Map::new();
    assert!(map.is_empty());
    assert_eq!(map.load("a"), None);
    map.store("a".to_owned(), 1);
    assert_eq!(map.load("a"), Some(1));
    assert_eq!(map.swap("a".to_owned(), 2), Some(1));
    assert_eq!(map.swap("b".to_owned(), 3), None);
    assert_eq!(map.load_or_store("a".to_owned(), 9), (2, true));
    assert_eq!(map.load_or_store("c".to_owned(), 9), (9, false));
    assert!(!map.compare_and_swap("a".to_owned(), &1, 5));
    assert!(map.compare_and_swap("a".to_owned(), &2, 5));
    assert!(!map.compare_and_swap("z".to_owned(), &0, 5));
    assert_eq!((map.load("a"), map.load("z")), (Some(5), None));
    assert!(!map.compare_and_delete("a", &2) && !map.compare_and_delete("z", &2));
    assert!(map.compare_and_delete("a", &5));
    assert_eq!(map.load_and_delete("b"), Some(3));
    assert_eq!(map.load_and_delete("b"), None);
    assert!(map.delete("c") && !map.delete("c"));
    assert_eq!(map.len(), 0);
    map.store("x".to_owned(), 1);
    assert_eq!(format!("{map:?}"), r#"{"x": 1}"#);
    map.clear();
    assert!(map.is_empty());
}

#[test]
fn ma_01_range_visits_each_key_once_and_stops_when_told() {
    let map: Map<u32, u32> = (0..1000).map(|n| (n, n * 2)).collect();
    let mut seen = HashSet::new();
    map.range(|key, value| {
        assert_eq!(*value, key * 2);
        seen.insert(*key)
    });
    assert_eq!(seen.len(), 1000);
    let mut visits = 0;
    map.range(|_, _| {
        visits += 1;
        visits < 10
    });
    assert_eq!(visits, 10);
    // The map may be used from within.
    map.range(|key, _| map.delete(key));
    assert!(map.is_empty());
}

#[gochan::test]
fn ma_01_range_visits_no_key_twice_while_others_delete_and_store() {
    let map: Arc<Map<u64, u64>> = Arc::new((0..500).map(|n| (n, 0)).collect());
    let stop = Arc::new(AtomicBool::new(false));
    let movers: Vec<_> = (0..3)
        .map(|_| {
            let mut random = seeded();
            go!([map, stop] {
                while !stop.load(Relaxed) {
                    let key = random.u64(..500);
                    map.delete(&key);
                    map.store(key, 1);
                    runtime::gosched();
                }
            })
        })
        .collect();
    for _ in 0..100 {
        let mut seen = HashSet::new();
        map.range(|key, _| {
            assert!(seen.insert(*key), "{key} came twice");
            if seen.len() % 50 == 0 {
                runtime::gosched();
            }
            true
        });
    }
    stop.store(true, Relaxed);
    movers.into_iter().for_each(|mover| mover.join().unwrap());
}

#[gochan::test]
fn ma_01_eight_goroutines_swap_count_and_delete() {
    const TURNS: usize = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
    const KEYS: usize = 16;
    let map: Arc<Map<usize, usize>> = Arc::new(Map::new());
    // What has been added for good, and what was found on deleting.
    let (added, deleted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let stored = Arc::new(AtomicUsize::new(0));
    let wg = WaitGroup::new();
    for _ in 0..8 {
        let (map, added, deleted, stored) = (map.clone(), added.clone(), deleted.clone(), stored.clone());
        let mut random: Seeded = seeded();
        wg.go(move || {
            for turn in 0..TURNS {
                let key = random.usize(..KEYS);
                let (mut old, mut loaded) = map.load_or_store(key, 0);
                stored.fetch_add(usize::from(!loaded), Relaxed);
                while !map.compare_and_swap(key, &old, old + 1) {
                    (old, loaded) = map.load_or_store(key, 0);
                    stored.fetch_add(usize::from(!loaded), Relaxed);
                }
                added.fetch_add(1, Relaxed);
                if turn % 7 == 0
                    && let Some(count) = map.load_and_delete(&key)
                {
                    deleted.fetch_add(count, Relaxed);
                    stored.fetch_sub(1, Relaxed);
                }
            }
        });
    }
    wg.wait();
    let mut left = 0;
    map.range(|_, count| {
        left += count;
        true
    });
    assert_eq!(left + deleted.load(Relaxed), added.load(Relaxed));
    assert_eq!(map.len(), stored.load(Relaxed));
    assert_eq!(added.load(Relaxed), 8 * TURNS);
}

#[gochan::test]
fn ma_01_values_are_dropped_once() {
    let ledger = Ledger::default();
    {
        let map = Arc::new(Map::new());
        let wg = WaitGroup::new();
        for number in 0..8 {
            let (map, ledger) = (map.clone(), ledger.clone());
            wg.go(move || {
                for turn in 0..200 {
                    map.store(turn % 20, Arc::new(ledger.value(number)));
                    drop(map.load(&(turn % 13)));
                    drop(map.load_and_delete(&(turn % 7)));
                }
                map.clear();
            });
        }
        wg.wait();
    }
    ledger.balances();
    assert_eq!(ledger.made(), 8 * 200);
}

#[gochan::test]
fn a_loop_over_a_map_may_change_it_and_wait() {
    let map: Map<_, _> = (0..100).map(|number| (number, number.to_string())).collect();
    let mut count = 0;
    for (number, text) in &map {
        assert_eq!(text, number.to_string());
        map.delete(&number);
        map.store(number + 1000, text);
        runtime::gosched();
        count += 1;
    }
    assert_eq!((count, map.len(), map.iter().len()), (100, 100, 100));
    assert!(map.iter().all(|(number, text)| number >= 1000 && text == (number - 1000).to_string()));
}
