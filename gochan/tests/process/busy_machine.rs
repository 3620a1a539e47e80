//! Row GO-26: what other processes do to the machine does not tear conversations apart.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::process::scenarios;
use crate::common::{on_threads, watchdog};
use gochan::prelude::*;

scenarios!(pairs, pool);

/// The row is about the median: it holds if more than half of the pairs stay together. Of 992 pairs at a load of 20, none was
/// torn apart, and once 4 of 24. If one in four were, a run would fail once in a hundred times, and all tries once in two
/// million times.
const ROUNDS: usize = 24;
const TRIES: usize = 3;
/// Long enough for a thread to lose its processor now and then.
const MESSAGES: u64 = 5_000;

/// Whether the two were on one thread.
fn pair() -> bool {
    let ch = chan!(u64);
    let thread = os_thread;
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

/// Which of the system's threads runs the caller. On `Backend::Virtual` std knows more threads than the system.
#[cfg(target_os = "linux")]
fn os_thread() -> i32 {
    // SAFETY: a question without arguments.
    unsafe { libc::gettid() }
}

#[cfg(not(target_os = "linux"))]
fn os_thread() -> std::thread::ThreadId {
    std::thread::current().id()
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
                os_thread()
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
        let mut together = Vec::new();
        let has_most = |together: &Vec<usize>| together.last().is_some_and(|&count| count > ROUNDS / 2);
        while !has_most(&together) {
            assert!(together.len() < TRIES, "{together:?} of {ROUNDS} pairs of {workers} workers");
            let busy: Vec<_> = (0..10).map(|_| Busy::new()).collect();
            let outcome = scenario("pairs").workers(workers).run();
            drop(busy);
            assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
            together.push(outcome.stdout.trim().parse().unwrap());
        }
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
