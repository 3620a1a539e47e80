//! Row GO-27: thread-locals outlive the goroutines that refer to them, whatever unwinds.

use std::hint::black_box;
use std::panic::panic_any;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::common::process::{scenarios, test_name};
use crate::common::{on_threads, until, watchdog};
use gochan::prelude::*;
use gochan::{Builder, Placement};

scenarios!(result_is_evil, payload_is_evil, result_of_scope_is_evil, result_waits);

/// Panics when it is dropped, with another of its kind, so many times.
struct Evil(u32);

impl Drop for Evil {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(Evil(self.0 - 1));
        }
    }
}

const INTACT: u64 = 0x1111_1111_1111_1111;
static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Table(Vec<u64>, Arc<AtomicBool>);

impl Drop for Table {
    fn drop(&mut self) {
        self.1.store(true, SeqCst);
        DROPPED.fetch_add(1, SeqCst);
    }
}

thread_local!(static TABLE: Table = Table(vec![INTACT; 64], Arc::default()));

/// Looks at a table for a while. False if it is not what it was.
fn stays_intact(table: &Table) -> bool {
    let (dropped, end) = (table.1.clone(), Instant::now() + Duration::from_millis(400));
    while Instant::now() < end {
        let noise: Vec<Vec<u64>> = (0..8).map(|_| black_box(vec![!INTACT; 64])).collect();
        if dropped.load(SeqCst) || table.0.iter().any(|&word| word != INTACT) {
            return false;
        }
        drop(noise);
    }
    true
}

/// A goroutine of worker 0 lends a thread-local of its thread to a thread, while `evil` ends on that worker.
fn lends_while(evil: fn()) {
    let parent = Builder::new().placement(Placement::Worker(0)).spawn(move || {
        TABLE.with(|table| {
            let (begin, begun) = std::sync::mpsc::channel();
            thread::scope(|s| {
                let reader = s.spawn(move || {
                    begun.recv().unwrap();
                    stays_intact(table)
                });
                let evil = Builder::new().placement(Placement::Worker(0)).spawn(evil);
                begin.send(()).unwrap();
                gochan::time::sleep(Duration::from_millis(30));
                drop(evil);
                gochan::blocking(|| reader.join().unwrap())
            })
        })
    });
    println!("intact: {}, {} dropped", parent.join().unwrap(), DROPPED.load(SeqCst));
}

fn result_is_evil() {
    lends_while(|| {
        drop(go!({
            gochan::time::sleep(Duration::from_millis(5));
            Evil(3)
        }));
    });
}

fn payload_is_evil() {
    std::panic::set_hook(Box::new(|_| {}));
    lends_while(|| {
        drop(go!({
            gochan::time::sleep(Duration::from_millis(5));
            panic_any(Evil(3));
        }));
    });
}

fn result_of_scope_is_evil() {
    std::panic::set_hook(Box::new(|_| {}));
    lends_while(|| {
        let outcome = std::panic::catch_unwind(|| {
            gochan::scope(|s| drop(s.go(|| Evil(3))));
        });
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(outcome))));
    });
}

#[test]
fn go_27_thread_locals_outlive_goroutines_whatever_a_result_does_when_dropped() {
    let _watchdog = watchdog();
    for name in ["result_is_evil", "payload_is_evil", "result_of_scope_is_evil"] {
        for backend in ["coroutines", "threads"] {
            // On threads the ended goroutine's own thread-locals do go, but none was made.
            let outcome = scenario(name).backend(backend).workers(2).run();
            assert_eq!(outcome.code(), Some(0), "{name}: {outcome:#?}");
            assert_eq!(outcome.stdout, "intact: true, 0 dropped\n", "{name}: {outcome:#?}");
        }
    }
}

static ENDED_ON: std::sync::Mutex<Option<ThreadId>> = std::sync::Mutex::new(None);

static DROPPING: AtomicBool = AtomicBool::new(false);

/// Waits when it is dropped.
struct Waits(Receiver<()>);

impl Drop for Waits {
    fn drop(&mut self) {
        DROPPING.store(true, SeqCst);
        self.0.recv();
        *ENDED_ON.lock().unwrap() = Some(thread::current().id());
    }
}

fn result_waits() {
    let before = gochan::runtime::num_goroutine();
    let (go_on, wait) = chan!(()).split();
    let (detach, detached) = chan!(()).split();
    // It ends after its handle is gone: the result of one that has ended is the handle's to drop.
    drop(go!({
        detached.recv();
        Waits(wait)
    }));
    drop(detach);
    until(|| DROPPING.load(SeqCst));
    until(|| {
        gochan::runtime::goroutines()
            .iter()
            .any(|seen| matches!(seen.state, gochan::runtime::State::Waiting(_)))
    });
    println!("{} more", gochan::runtime::num_goroutine() - before);
    drop(go_on);
    until(|| gochan::runtime::num_goroutine() == before);
    println!("dropped: {}", ENDED_ON.lock().unwrap().is_some());
}

#[test]
fn go_27_a_goroutine_counts_until_its_result_is_gone() {
    let _watchdog = watchdog();
    for backend in ["coroutines", "threads"] {
        scenario("result_waits").backend(backend).run().prints("1 more\ndropped: true\n");
    }
}

/// What a test that fails leaves behind may go on. Both run in one process, which the second keeps alive.
mod left_behind {
    use super::*;

    fn lend(then: impl FnOnce()) {
        TABLE.with(|table| {
            thread::scope(|s| {
                s.spawn(|| {
                    let intact = stays_intact(table);
                    eprintln!("{}", if intact { "the table is intact" } else { "UNSOUND" });
                });
                then();
            });
        });
    }

    #[gochan::test(virtual_time)]
    #[ignore = "run by `go_27_the_thread_of_a_test_outlives_goroutines`, which wants it to fail"]
    fn deadlocks_in_virtual_time() {
        lend(|| _ = chan!(()).recv());
    }

    #[gochan::test(explore = 1)]
    #[ignore = "run by `go_27_the_thread_of_a_test_outlives_goroutines`, which wants it to fail"]
    fn deadlocks_in_an_exploration() {
        lend(|| _ = chan!(()).recv());
    }

    #[gochan::test(virtual_time)]
    #[ignore = "run by `go_27_the_thread_of_a_test_outlives_goroutines`, which wants it to fail"]
    fn leaves_a_goroutine() {
        let (started, ready) = chan!(()).split();
        go!({
            lend(|| {
                started.send(()).unwrap();
                chan!(()).recv();
            });
        });
        ready.recv();
    }

    #[test]
    #[ignore = "run by `go_27_the_thread_of_a_test_outlives_goroutines`"]
    fn keeps_the_process_alive() {
        thread::sleep(Duration::from_millis(1500));
    }
}

#[test]
fn go_27_the_thread_of_a_test_outlives_goroutines() {
    let _watchdog = watchdog();
    if on_threads() {
        // The same: such tests run on one thread on either backend.
        return;
    }
    for test in ["deadlocks_in_virtual_time", "deadlocks_in_an_exploration", "leaves_a_goroutine"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--include-ignored", "--nocapture", "--test-threads=2"])
            .args(
                [test, "keeps_the_process_alive"]
                    .map(|test| test_name(module_path!(), &format!("left_behind::{test}"))),
            )
            .env_remove("RUST_BACKTRACE")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{test}: {said}");
        assert!(said.contains("the table is intact") && !said.contains("UNSOUND"), "{test}: {said}");
    }
}
