//! Row DL-06: what all goroutines do can be seen at any time, under load; and a goroutine that keeps a worker to itself
//! is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::scenarios;
use crate::common::{on_threads, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, State, gosched, num_goroutine};
use gochan::{Builder, JoinHandle};

scenarios!(a_goroutine_that_computes, a_goroutine_that_lets_others_run, a_named_goroutine_on_a_busy_worker);

#[test]
fn dl_06_a_dump_tells_state_and_places() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let before = Instant::now();
    let goroutine = Builder::new().name("patient").spawn({
        let ch = ch.clone();
        move || recv!(ch)
    });
    let spawned = line!() - 4;
    until_waiting(&goroutine);
    let seen = runtime::goroutines().into_iter().find(|seen| seen.id == goroutine.id()).expect("it waits");
    assert_eq!(seen.name.as_deref(), Some("patient"));
    assert_eq!(seen.state, State::Waiting(runtime::WaitReason::Recv));
    assert_eq!(seen.spawned_at.unwrap().line(), spawned);
    assert_eq!(seen.waiting_at.unwrap().line(), spawned + 2);
    // The clock of dumps goes in steps.
    let since = seen.waiting_since.unwrap();
    assert!(since + Duration::from_millis(500) >= before && since <= Instant::now(), "{:?}", before - since);

    let dump = runtime::dump();
    let start = format!("goroutine {} `patient` [chan receive, ", goroutine.id());
    let paragraph = dump.split("\n\n").find(|text| text.starts_with(&start)).expect("it is in the dump");
    let waits = format!("\n    waits at {}:{}:", file!(), spawned + 2);
    let spawned = format!("\n    spawned at {}:{spawned}:", file!());
    assert!(paragraph.contains(&waits) && paragraph.contains(&spawned), "{paragraph}");
    send!(ch <- 1);
    assert_eq!(goroutine.join().unwrap(), 1);
}

/// Goroutines in rings that pass a token on; all of them end when told.
fn busy(goroutines: usize, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<u64>> {
    const RING: usize = 100;
    let mut handles = Vec::new();
    for _ in 0..goroutines / RING {
        let channels: Vec<Chan<u64>> = (0..RING).map(|_| chan!(u64, 1)).collect();
        for place in 0..RING {
            let (from, to) = (channels[place].clone(), channels[(place + 1) % RING].clone());
            handles.push(go!([stop] {
                let mut passed = 0;
                while let Some(token) = from.recv() {
                    passed += 1;
                    if stop.load(Relaxed) || to.send(token + 1).is_err() {
                        break;
                    }
                }
                // Whoever stops first lets the others of the ring know.
                to.close();
                from.close();
                passed
            }));
        }
        send!(channels[0] <- 0);
    }
    handles
}

#[test]
fn dl_06_dumps_under_load_are_whole_and_hold_nobody_up() {
    let _watchdog = watchdog();
    let goroutines = if on_threads() { 400 } else { 10_000 };
    let (stop, turns) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let handles = busy(goroutines, &stop);
    let counter = go!([stop, turns] {
        while !stop.load(Relaxed) {
            turns.fetch_add(1, Relaxed);
            gosched();
        }
    });
    // New goroutines on new stacks all the time: the dump must not keep them from theirs.
    let spawner = go!([stop] {
        let mut longest = Duration::ZERO;
        while !stop.load(Relaxed) {
            let start = Instant::now();
            let batch: Vec<_> = (0..50)
                .map(|n| {
                    go!({
                        gosched();
                        n
                    })
                })
                .collect();
            longest = longest.max(start.elapsed());
            assert_eq!(batch.into_iter().map(|one| one.join().unwrap()).sum::<u32>(), 49 * 25);
        }
        longest
    });
    until(|| turns.load(Relaxed) > 10);
    for _ in 0..20 {
        let before = turns.load(Relaxed);
        let found = runtime::goroutines();
        assert!(found.len() >= goroutines / 2, "{} of {goroutines}", found.len());
        assert!(found.windows(2).all(|pair| pair[0].id < pair[1].id), "each once, in order");
        assert!(found.iter().all(|info| info.spawned_at.is_some()));
        let text = runtime::dump();
        assert!(text.contains(" goroutines [") && text.contains("text.rs:"), "{text}");
        until(|| turns.load(Relaxed) > before);
    }
    stop.store(true, Relaxed);
    counter.join().unwrap();
    let longest = spawner.join().unwrap();
    // Scheduling noise of a busy machine is far below this; a stop for each dump would be far above.
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert!(handles.into_iter().map(|handle| handle.join().unwrap()).sum::<u64>() > 0);
}

#[test]
fn dl_06_goroutines_that_come_and_go_meanwhile_do_no_harm() {
    let _watchdog = watchdog();
    let stop = Arc::new(AtomicBool::new(false));
    let looker = thread::spawn({
        let stop = stop.clone();
        move || {
            let mut looks = 0;
            while !stop.load(Relaxed) {
                assert!(runtime::goroutines().iter().all(|info| info.id != 0));
                looks += 1;
            }
            looks
        }
    });
    let rounds = if on_threads() { 20 } else { 200 };
    for _ in 0..rounds {
        let handles: Vec<_> = (0..200)
            .map(|n| Builder::new().name(format!("n{n}")).stack_size(32 << 10).spawn(move || n))
            .collect();
        assert_eq!(handles.into_iter().map(|handle| handle.join().unwrap()).sum::<u32>(), 199 * 100);
    }
    stop.store(true, Relaxed);
    assert!(looker.join().unwrap() > 0);
}

#[gochan::main]
fn a_goroutine_that_computes() {
    println!("{}", line!() + 1);
    let computing = go!({
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(600) {}
    });
    computing.join().unwrap();
}

#[gochan::main]
fn a_named_goroutine_on_a_busy_worker() {
    let blocked = Builder::new().name("blocked").spawn(|| thread::sleep(Duration::from_millis(300)));
    blocked.join().unwrap();
}

#[gochan::main]
fn a_goroutine_that_lets_others_run() {
    let working = go!({
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(600) {
            gosched();
        }
    });
    working.join().unwrap();
    assert_eq!(num_goroutine(), 1);
}

#[test]
fn dl_06_a_goroutine_that_keeps_its_worker_to_itself_is_told_once() {
    if on_threads() {
        return;
    }
    let outcome = scenario("a_goroutine_that_computes").env("GOCHAN_STUCK", "100ms").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let place = format!("spawned at {}:{}:", file!(), outcome.stdout.trim());
    assert!(
        outcome.stderr.contains("warning: goroutine ") && outcome.stderr.contains(&place),
        "{outcome:#?}"
    );
    assert_eq!(outcome.stderr.matches("warning").count(), 1, "{outcome:#?}");

    let outcome = scenario("a_named_goroutine_on_a_busy_worker").env("GOCHAN_STUCK", "100ms").run();
    assert!(outcome.stderr.contains(" `blocked` has kept worker "), "{outcome:#?}");
}

#[test]
fn dl_06_who_lets_others_run_or_is_not_looked_for_is_not_told() {
    let outcome = scenario("a_goroutine_that_lets_others_run").env("GOCHAN_STUCK", "200ms").run();
    assert_eq!((outcome.code(), outcome.stderr.as_str()), (Some(0), ""), "{outcome:#?}");
    for setting in ["off", "10s"] {
        let outcome = scenario("a_goroutine_that_computes").env("GOCHAN_STUCK", setting).run();
        assert_eq!((outcome.code(), outcome.stderr.as_str()), (Some(0), ""), "{setting}");
    }
    let outcome = scenario("a_goroutine_that_computes").env("GOCHAN_STUCK", "soon").run();
    outcome.fails_saying(&["GOCHAN_STUCK", "soon"]);
}
