//! Rows GO: how a program ends, the exit code that it has then, and what it prints.

use std::hint::spin_loop;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::thread;
use std::time::Duration;

use super::goroutine::until_alone;
use crate::common::process::scenarios;
use crate::common::{message, on_threads};
use gochan::Builder;
use gochan::prelude::*;
use gochan::runtime::{self, PanicPolicy, gosched};

scenarios!(
    detached_panic,
    detached_panic_of_a_named_goroutine,
    panic_policy_abort,
    quiet_goexit,
    goexit_on_main,
    main_returns_first,
    exit_code_seven,
    main_returns_an_error,
    main_panics,
    naive_sieve,
    unwrapped_sends,
    fails_while_main_waits,
);

#[gochan::main]
fn detached_panic() {
    println!("line {}", line!() + 1);
    drop(go!({ panic!("nobody joins me") }));
    until_alone();
    println!("alive");
}

#[test]
fn go_05_the_panic_of_a_detached_goroutine_is_printed_and_the_process_lives_on() {
    let outcome = scenario("detached_panic").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let (line, rest) = outcome.stdout.split_once('\n').expect("a line");
    assert_eq!(rest, "alive\n");
    let place = format!("program_end.rs:{}", line.trim_start_matches("line "));
    for word in ["goroutine", "panicked", "nobody joins me", &place] {
        assert!(outcome.stderr.contains(word), "no {word:?} in {outcome:#?}");
    }
    assert!(outcome.stderr.contains(|c: char| c.is_ascii_digit()), "no id in {outcome:#?}");
}

#[gochan::main]
fn detached_panic_of_a_named_goroutine() {
    drop(Builder::new().name("reaper").spawn(|| panic!("no result")));
    until_alone();
}

#[test]
fn go_05_a_panic_report_names_the_goroutine() {
    let outcome = scenario("detached_panic_of_a_named_goroutine").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    assert!(outcome.stderr.contains("reaper"), "{outcome:#?}");
}

fn panic_policy_abort() {
    runtime::Builder::new().on_panic(PanicPolicy::Abort).install().expect("nothing runs yet");
    drop(go!({ panic!("take all down") }));
    thread::sleep(crate::common::patience() / 2);
    println!("still here");
}

#[test]
fn go_05_policy_abort_ends_the_process() {
    let outcome = scenario("panic_policy_abort").run();
    outcome.fails_saying(&["take all down", "goroutine", "program_end.rs"]);
    assert_eq!(outcome.stdout, "");
}

#[gochan::main]
fn quiet_goexit() {
    drop(go!({ runtime::goexit() }));
    until_alone();
    println!("alive");
}

#[test]
fn go_07_goexit_reports_no_panic() {
    let outcome = scenario("quiet_goexit").run();
    outcome.prints("alive\n");
    assert_eq!(outcome.stderr, "");
}

#[gochan::main]
fn goexit_on_main() {
    let gate = chan!(());
    for _ in 0..3 {
        go!([gate] {
            recv!(gate);
            println!("finished");
        });
    }
    defer!(close!(gate));
    defer!(println!("main leaves"));
    runtime::goexit();
}

#[test]
fn go_07_goexit_on_main_waits_for_the_others_and_then_reports_deadlock() {
    for workers in [1, 2] {
        let outcome = scenario("goexit_on_main").workers(workers).run();
        assert_eq!(outcome.stdout, "main leaves\nfinished\nfinished\nfinished\n", "{outcome:#?}");
        assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
        outcome.fails_saying(&["deadlock"]);
    }
}

#[gochan::main]
fn main_returns_first() {
    let ch = chan!(());
    go!([ch] {
        recv!(ch);
        println!("never");
    });
    if !on_threads() && crate::common::workers() > 1 {
        let spinning = Arc::new(AtomicBool::new(false));
        go!([spinning] {
            spinning.store(true, SeqCst);
            loop {
                spin_loop();
            }
        });
        // On this worker the spinner would never let main go on; the other one may take it now or not.
        for _ in 0..1000 {
            if spinning.load(SeqCst) {
                break;
            }
            thread::yield_now();
        }
    }
    println!("a line");
    print!("and no end of line");
}

#[test]
fn go_08_returning_from_main_ends_the_program_and_keeps_its_output() {
    for workers in [1, 2] {
        let outcome = scenario("main_returns_first").workers(workers).run();
        outcome.prints("a line\nand no end of line");
        assert_eq!(outcome.stderr, "");
    }
}

#[gochan::main]
fn exit_code_seven() -> ExitCode {
    go!({ gosched() });
    ExitCode::from(7)
}

#[gochan::main]
fn main_returns_an_error() -> Result<(), String> {
    Err("no such luck".to_owned())
}

#[test]
fn go_08_what_main_returns_becomes_the_exit_code() {
    assert_eq!(scenario("exit_code_seven").run().code(), Some(7));
    let outcome = scenario("main_returns_an_error").run();
    assert_eq!(outcome.code(), Some(1), "{outcome:#?}");
    assert!(outcome.stderr.contains("Error: \"no such luck\""), "{outcome:#?}");
}

#[gochan::main]
fn main_panics() {
    go!({
        let never = Chan::<()>::nil();
        recv!(never);
    });
    panic!("main is over");
}

#[test]
fn go_08_a_panic_in_main_ends_the_program_with_failure() {
    let outcome = scenario("main_panics").run();
    outcome.fails_saying(&["main is over"]);
    assert_ne!(outcome.code(), None, "ended by a signal: {outcome:#?}");
}

fn generate(ch: Sender<u32>) {
    for n in 2.. {
        send!(ch <- n);
    }
}

fn filter(from: Receiver<u32>, to: Sender<u32>, prime: u32) {
    loop {
        // gochan-lint: allow(ok_ignored): as in the Go program
        let n = recv!(from);
        if n % prime != 0 {
            send!(to <- n);
        }
    }
}

/// Go's sieve: main returns while everybody else sends to channels that go away with it.
#[gochan::main]
fn naive_sieve() {
    let mut ch = chan!(u32);
    go!(generate(ch.sender()));
    for _ in 0..10 {
        let prime = recv!(ch);
        println!("{prime}");
        let next = chan!(u32);
        go!(filter(ch.receiver(), next.sender(), prime));
        ch = next;
    }
}

/// Prints when it goes, after the channels that were declared behind it.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(5));
        println!("last");
    }
}

#[gochan::main]
fn unwrapped_sends() {
    let _last = Last;
    let ch = chan!(u32);
    for n in 0..10 {
        let sender = ch.sender();
        go!({
            loop {
                sender.send(n).unwrap();
            }
        });
    }
    for _ in 0..10 {
        recv!(ch);
    }
}

#[test]
fn go_29_goroutines_that_only_outlive_main_print_nothing() {
    let primes = "2\n3\n5\n7\n11\n13\n17\n19\n23\n29\n";
    for workers in [1, 2, 4] {
        for _ in 0..5 {
            let sieve = scenario("naive_sieve").workers(workers).run();
            assert_eq!(
                (sieve.code(), &*sieve.stdout, &*sieve.stderr),
                (Some(0), primes, ""),
                "{workers} workers"
            );
            let unwrapped = scenario("unwrapped_sends").workers(workers).run();
            assert_eq!((unwrapped.code(), &*unwrapped.stdout, &*unwrapped.stderr), (Some(0), "last\n", ""));
        }
    }
}

#[gochan::main]
fn fails_while_main_waits() {
    let start = std::time::Instant::now();
    let sender = chan!(u32).sender();
    let failed = go!({ send!(sender <- 1) }).join().unwrap_err();
    println!(
        "{} {}",
        message(&*failed).contains("last receiver is gone"),
        start.elapsed() < Duration::from_secs(5)
    );
}

#[test]
fn go_29_a_goroutine_that_fails_while_main_waits_is_reported() {
    let outcome = scenario("fails_while_main_waits").run();
    assert_eq!(outcome.stdout, "true true\n", "{outcome:#?}");
    assert!(outcome.stderr.contains("last receiver is gone"), "{outcome:#?}");
}
