//! What the runtime says on standard error may get lost; it never ends a worker, or any other thread of the runtime.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::scenarios;
use gochan::prelude::*;
use gochan::runtime::{gosched, num_goroutine};
use gochan::{Builder, Placement, blocking, scope};

scenarios!(panics_in_goroutines, panics_in_tests, warnings, a_locked_stderr);

/// How standard error is broken.
const BROKEN: &str = "GOCHAN_TEST_STDERR";

fn break_stderr() {
    let mut ends = [0; 2];
    let replace = |fd| {
        // SAFETY: both are numbers of descriptors, at least one of them open.
        assert_eq!(unsafe { libc::dup2(fd, 2) }, 2);
    };
    // SAFETY: `ends` is a local to be written, paths and buffers are valid, and nobody else uses descriptor 2.
    unsafe {
        match &*std::env::var(BROKEN).expect("it is said how") {
            "closed" => assert_eq!(libc::close(2), 0),
            "device full" => {
                let path: &CStr = c"/dev/full";
                replace(libc::open(path.as_ptr(), libc::O_WRONLY));
            }
            "no reader" => {
                assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
                libc::close(ends[0]);
                replace(ends[1]);
            }
            "pipe full" => {
                assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_NONBLOCK), 0);
                while libc::write(ends[1], [0_u8; 4096].as_ptr().cast(), 4096) > 0 {}
                replace(ends[1]);
            }
            other => panic!("{other}?"),
        }
    }
}

/// All workers run goroutines, and `blocking` has threads.
fn everything_works() {
    let workers = crate::common::workers();
    let meeting = Arc::new(Barrier::new(workers));
    let all: Vec<_> = (0..workers)
        .map(|index| {
            let meeting = meeting.clone();
            Builder::new().placement(Placement::Worker(index)).spawn(move || _ = meeting.wait())
        })
        .collect();
    all.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    assert_eq!(go!({ blocking(|| 42) }).join().unwrap(), 42);
}

#[gochan::main]
fn panics_in_goroutines() {
    break_stderr();
    for index in 0..8 {
        let spawn = |name: &str| Builder::new().name(name).placement(Placement::Worker(index));
        drop(spawn("detached").spawn(|| panic!("nobody joins")));
        assert!(spawn("joined").spawn(|| panic!("joined")).join().is_err());
    }
    assert!(go!({ blocking(|| panic!("in a call")) }).join().is_err());
    assert!(catch_unwind(|| scope(|s| drop(s.go(|| panic!("in a scope"))))).is_err());
    while num_goroutine() > 1 {
        gosched();
    }
    everything_works();
    println!("alive");
}

fn panics_in_tests() {
    break_stderr();
    for virtual_time in [false, true] {
        let test = gochan::__private::Test::new();
        let test = if virtual_time { test.virtual_time() } else { test };
        let failed = catch_unwind(AssertUnwindSafe(|| {
            test.run(|| {
                (0..4).for_each(|_| drop(go!({ panic!("in a test") })));
                assert!(go!({ panic!("joined") }).join().is_err());
                // The test says two things: this, and what its goroutines did.
                panic!("the test itself");
            });
        }));
        assert_eq!(crate::common::message(&*failed.unwrap_err()), "the test itself");
    }
    everything_works();
    println!("alive");
}

#[gochan::main]
fn warnings() {
    break_stderr();
    // A goroutine that keeps its worker to itself, and calls that wait for a thread.
    let begin = Instant::now();
    let busy = go!({ while begin.elapsed() < Duration::from_millis(300) {} });
    let (gate, opened) = std::sync::mpsc::channel::<()>();
    let first = go!({ blocking(move || opened.recv().is_err()) });
    let second = go!({ blocking(|| true) });
    blocking_elsewhere(Duration::from_millis(1500));
    drop(gate);
    assert!(first.join().unwrap() && second.join().unwrap());
    busy.join().unwrap();
    everything_works();
    println!("alive");
}

/// Lets time pass, in which the runtime finds something to warn of.
fn blocking_elsewhere(time: Duration) {
    let (tx, rx) = chan!((), 1).split();
    thread::spawn(move || {
        thread::sleep(time);
        tx.send(()).unwrap();
    });
    rx.recv().unwrap();
}

/// A goroutine waits with the lock of standard error: nobody of the runtime waits for that.
#[gochan::main]
fn a_locked_stderr() {
    let gate = chan!(());
    let locked = chan!(());
    let holder = go!([gate, locked] {
        let stderr = std::io::stderr().lock();
        send!(locked <- ());
        recv!(gate);
        drop(stderr);
    });
    recv!(locked);
    // Past the hook, which takes that lock.
    drop(go!({ std::panic::resume_unwind(Box::new("nobody joins")) }));
    while num_goroutine() > 2 {
        gosched();
    }
    send!(gate <- ());
    holder.join().unwrap();
    println!("alive");
}

#[test]
fn go_05_a_panic_is_survived_without_a_standard_error() {
    for broken in ["closed", "device full", "no reader", "pipe full"] {
        scenario("panics_in_goroutines").env(BROKEN, broken).run().prints("alive\n");
        scenario("panics_in_tests").env(BROKEN, broken).run().prints("alive\n");
    }
}

#[test]
fn io_11_a_warning_is_survived_without_a_standard_error() {
    for broken in ["device full", "no reader"] {
        let warned = scenario("warnings").env(BROKEN, broken).env("GOCHAN_STUCK", "100ms");
        warned.env("GOCHAN_BLOCKING", "1").run().prints("alive\n");
    }
}

#[test]
fn go_05_a_report_does_not_wait_for_the_lock_of_standard_error() {
    let outcome = scenario("a_locked_stderr").run();
    outcome.prints("alive\n");
    assert!(outcome.stderr.contains("panicked: nobody joins"), "{outcome:#?}");
}
