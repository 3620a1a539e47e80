//! Row GO-26: what other processes do to the machine does not tear conversations apart.

mod common;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::process::{scenario, scenarios};
use common::{on_threads, watchdog};
use gochan::prelude::*;

scenarios!(pairs, pool);

const ROUNDS: usize = 24;
/// Long enough for a thread to lose its processor now and then.
const MESSAGES: u64 = 20_000;

/// Whether the two were on one thread.
fn pair() -> bool {
    let ch = chan!(u64);
    let thread = || std::thread::current().id();
    let a = go!([ch] {
        (0..MESSAGES).for_each(|n| ch.send(n).unwrap());
        thread()
    });
    let b = go!([ch] {
        (0..MESSAGES).for_each(|n| assert_eq!(ch.recv(), Some(n)));
        thread()
    });
    a.join().unwrap() == b.join().unwrap()
}

fn pairs() {
    let together = (0..ROUNDS).filter(|_| go!({ pair() }).join().unwrap()).count();
    println!("{together}");
}

/// How many threads goroutines of a pool have been on, which wait for nobody but are not spread when they are made.
fn pool() {
    let goroutines: Vec<_> = (0..4)
        .map(|_| {
            gochan::Builder::new().placement(gochan::Placement::Local).spawn(|| {
                let start = Instant::now();
                while start.elapsed() < Duration::from_millis(300) {
                    std::hint::spin_loop();
                }
                std::thread::current().id()
            })
        })
        .collect();
    let threads: std::collections::HashSet<_> =
        goroutines.into_iter().map(|goroutine| goroutine.join().unwrap()).collect();
    println!("{}", threads.len() > 1);
}

/// Ends when it is dropped.
struct Busy(Child);

impl Busy {
    fn new() -> Busy {
        let busy = Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn();
        Busy(busy.expect("a shell can be started"))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn go_26_two_that_talk_stay_together_on_a_busy_machine() {
    let _watchdog = watchdog();
    if on_threads() || !cfg!(target_os = "linux") {
        return;
    }
    for workers in [2, 8] {
        let busy: Vec<_> = (0..10).map(|_| Busy::new()).collect();
        let outcome = scenario("pairs").workers(workers).run();
        drop(busy);
        assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
        let together: usize = outcome.stdout.trim().parse().unwrap();
        assert!(together >= ROUNDS - ROUNDS / 8, "{together} of {ROUNDS} pairs of {workers} workers");
    }
}

#[test]
fn go_26_what_a_worker_does_not_come_to_is_stolen_all_the_same() {
    let _watchdog = watchdog();
    if on_threads() {
        return;
    }
    scenario("pool").workers(2).run().prints("true\n");
}
