//! Rows TM: functions that run at their time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::scenarios;
use crate::common::{Ledger, MOMENT, on_threads, seeded, until, watchdog, workers};
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::{runtime, time};

scenarios!(fork_child);

const FAR: Duration = Duration::from_secs(3600);

#[gochan::test]
fn tm_06_a_function_runs_once_and_not_early() {
    for millis in [0, 1, 20] {
        let (tx, ran) = Chan::with_capacity(2).split();
        let d = Duration::from_millis(millis);
        let start = Instant::now();
        let timer = time::after_func(d, move || tx.send(Instant::now()).unwrap());
        let at = ran.recv().unwrap();
        assert!(at >= start + d, "{:?} early", start + d - at);
        // With the timer the function goes, and with it the sender: there is no second run to come.
        drop(timer);
        assert_eq!(ran.recv(), None);
    }
}

#[gochan::test]
fn tm_06_it_runs_in_a_goroutine_of_its_own() {
    let ids = Chan::with_capacity(2);
    let own = go!([ids] {
        for _ in 0..2 {
            let ids = ids.clone();
            time::after_func(Duration::ZERO, move || ids.send(runtime::current_id()).unwrap());
        }
        runtime::current_id()
    });
    let own = own.join().unwrap();
    let (first, second) = (ids.recv().unwrap(), ids.recv().unwrap());
    assert!(first.is_some() && second.is_some());
    assert!(first != second && first != own && second != own);
}

#[gochan::test]
fn tm_06_it_may_wait_like_any_goroutine() {
    let (gate, passed) = (chan!(()), chan!(()));
    let waits = {
        let (gate, passed) = (gate.clone(), passed.clone());
        move || {
            recv!(gate);
            send!(passed <- ());
        }
    };
    time::after_func(Duration::ZERO, waits);
    send!(gate <- ());
    recv!(passed);
}

#[gochan::test]
fn tm_06_stop_in_time_prevents_it_and_says_so_once() {
    let ledger = Ledger::default();
    let value = ledger.value(1);
    let timer = time::after_func(FAR, move || panic!("{value:?} was stopped"));
    assert!(timer.stop());
    assert!(!timer.stop());
    drop(timer);
    ledger.balances();
}

#[gochan::test]
fn tm_06_stop_after_the_run_has_begun_is_false_and_does_not_wait() {
    let (begun, gate) = (chan!(()), chan!(()));
    let timer = time::after_func(Duration::ZERO, {
        let (begun, gate) = (begun.clone(), gate.clone());
        move || {
            send!(begun <- ());
            recv!(gate);
        }
    });
    recv!(begun);
    assert!(!timer.stop());
    send!(gate <- ());
}

#[gochan::test]
fn tm_06_a_dropped_timer_still_runs_its_function() {
    let ran = chan!(());
    drop(time::after_func(MOMENT, {
        let ran = ran.clone();
        move || send!(ran <- ())
    }));
    recv!(ran);
}

#[gochan::test]
fn tm_06_reset_moves_the_run_or_adds_another() {
    let (tx, ran) = Chan::with_capacity(8).split();
    let timer = time::after_func(FAR, move || tx.send(Instant::now()).unwrap());
    let start = Instant::now();
    assert!(timer.reset(MOMENT), "it was still to run");
    assert!(ran.recv().unwrap() >= start + MOMENT);
    assert!(!timer.reset(MOMENT), "it had run");
    ran.recv().unwrap();
    assert!(!timer.reset(FAR));
    assert!(timer.stop());
    assert!(!timer.reset(Duration::ZERO), "it was stopped");
    ran.recv().unwrap();
    drop(timer);
    assert_eq!(ran.recv(), None, "each time it was set it has run once");
}

#[test]
fn tm_06_runs_of_one_timer_do_not_overlap_and_none_is_lost() {
    let _watchdog = watchdog();
    const RESETS: usize = 300;
    let (begun, seen) = Chan::with_capacity(RESETS + 1).split();
    let gate = Chan::new();
    let running = AtomicBool::new(false);
    let timer = time::after_func(Duration::ZERO, {
        let gate = gate.receiver();
        move || {
            assert!(!running.swap(true, SeqCst));
            begun.send(()).unwrap();
            // Closed at the end.
            assert_eq!(gate.recv(), None::<()>);
            assert!(running.swap(false, SeqCst));
        }
    });
    seen.recv().unwrap();
    // While the first run waits at the gate, some of these come due, and the others are replaced before.
    let mut replaced = 0;
    for _ in 0..RESETS {
        replaced += usize::from(timer.reset(Duration::ZERO));
        thread::yield_now();
    }
    assert_eq!(seen.try_recv(), Err(TryRecvError::Empty), "the first run goes on");
    gate.close();
    // Once the last run is over the function goes, if nobody holds the timer.
    drop(timer);
    assert_eq!(seen.iter().count(), RESETS - replaced);
}

#[test]
fn tm_06_a_panic_ends_one_run_and_not_the_next() {
    let _watchdog = watchdog();
    let ran = Chan::with_capacity(8);
    let mut run = 0;
    let timer = time::after_func(Duration::ZERO, {
        let ran = ran.clone();
        move || {
            run += 1;
            send!(ran <- run);
            match run {
                1 => panic!("the first run of three"),
                2 => runtime::goexit(),
                _ => {}
            }
        }
    });
    for expected in 1..=3 {
        assert_eq!(recv!(ran), expected);
        timer.reset(Duration::ZERO);
    }
}

/// Whatever the race between the time and the stop, there is a run or a true `stop`, never both, never neither.
#[test]
fn tm_06_stop_races_with_the_time() {
    let _watchdog = watchdog();
    let mut random = seeded();
    let ledger = Ledger::default();
    let runs = Arc::new(AtomicUsize::new(0));
    let mut stopped = 0;
    let rounds = if on_threads() { 500 } else { 5_000 };
    for round in 0..rounds {
        let value = ledger.value(round);
        let d = Duration::from_micros(random.u64(..200));
        let timer = time::after_func(d, {
            let runs = runs.clone();
            move || {
                // The whole of it, so that it goes with the function.
                let value = &value;
                assert_eq!(value.number, round);
                runs.fetch_add(1, SeqCst);
            }
        });
        let then = Instant::now() + Duration::from_micros(random.u64(..200));
        while Instant::now() < then {
            std::hint::spin_loop();
        }
        stopped += usize::from(timer.stop());
    }
    until(|| ledger.dropped() == ledger.made());
    assert_eq!(runs.load(SeqCst) + stopped, rounds as usize, "seed {}", random.seed);
}

#[gochan::test]
fn tm_07_many_functions_run_and_none_is_early() {
    let count = if on_threads() { 1_000 } else { 100_000 };
    let mut random = seeded();
    let wg = WaitGroup::new();
    let early = Arc::new(AtomicUsize::new(0));
    for _ in 0..count {
        let d = Duration::from_micros(random.u64(..100_000));
        let deadline = Instant::now() + d;
        wg.add(1);
        time::after_func(d, {
            let (wg, early) = (wg.clone(), early.clone());
            move || {
                early.fetch_add(usize::from(Instant::now() < deadline), SeqCst);
                wg.done();
            }
        });
    }
    wg.wait();
    assert_eq!(early.load(SeqCst), 0, "seed {}", random.seed);
}

#[gochan::test]
fn tm_08_the_longest_duration_never_passes_and_can_be_stopped() {
    let timer = time::after_func(Duration::MAX, || panic!("the end of time"));
    assert!(timer.reset(Duration::from_secs(1000 * 365 * 86_400)));
    assert!(timer.reset(Duration::MAX));
    assert!(timer.stop());
}

#[test]
fn tm_09_a_timer_set_on_a_thread_that_has_ended_runs() {
    let _watchdog = watchdog();
    let ran = chan!(());
    let set = {
        let ran = ran.clone();
        move || drop(time::after_func(MOMENT, move || send!(ran <- ())))
    };
    thread::spawn(set).join().unwrap();
    recv!(ran);
}

#[test]
fn tm_09_a_timer_of_a_busy_worker_runs() {
    let _watchdog = watchdog();
    if workers() == 1 && !on_threads() {
        // Nobody else is there to run it.
        return;
    }
    let over = Arc::new(AtomicBool::new(false));
    let ran = chan!(());
    let busy = go!([over, ran] {
        time::after_func(MOMENT, move || send!(ran <- ()));
        while !over.load(SeqCst) {
            std::hint::spin_loop();
        }
    });
    recv!(ran);
    assert!(!busy.is_finished());
    over.store(true, SeqCst);
    busy.join().unwrap();
}

#[test]
fn tm_09_a_timer_is_stopped_by_another_thread() {
    let _watchdog = watchdog();
    let timer = go!({ time::after_func(FAR, || ()) }).join().unwrap();
    assert!(thread::spawn(move || timer.stop()).join().unwrap());
}

/// Keeps the timers' locks busy, so that the fork is likely to find one taken.
#[cfg(unix)]
fn fork_child() {
    let over = Arc::new(AtomicBool::new(false));
    let setting = {
        let over = over.clone();
        move || {
            while !over.load(SeqCst) {
                assert!(time::after_func(FAR, || ()).stop());
            }
        }
    };
    let setting = thread::spawn(setting);
    let timer = time::after_func(FAR, || ());
    // SAFETY: the child below calls only what this test is about, and `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no fork");
    if child == 0 {
        // SAFETY: no pointers are involved; ends the child should the runtime hang there.
        unsafe { libc::alarm(60) };
        let refused = std::panic::catch_unwind(|| time::after_func(FAR, || ())).is_err();
        let stopped = timer.stop();
        // SAFETY: does not return, and runs nothing of the parent's.
        unsafe { libc::_exit(if refused && !stopped { 3 } else { 0 }) };
    }
    let mut status = 0;
    // SAFETY: the status is a local to be written.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(waited, child);
    over.store(true, SeqCst);
    setting.join().unwrap();
    println!("{} {}", libc::WIFEXITED(status), libc::WEXITSTATUS(status));
    println!("{}", timer.stop());
}

#[cfg(not(unix))]
fn fork_child() {}

#[cfg(unix)]
#[test]
fn go_23_timers_in_a_forked_child_are_refused_and_do_not_hang() {
    let outcome = scenario("fork_child").run();
    outcome.prints("true 3\ntrue\n");
    assert!(outcome.stderr.contains("fork"), "{outcome:#?}");
}
