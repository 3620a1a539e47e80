//! Rows DL-01, DL-02 and DL-06: what a program says when some of its goroutines wait for each other.

use std::thread;
use std::time::{Duration, Instant};

use super::deadlock_partial::{Meeting, Shared, is_told, named};
use crate::common::process::{Outcome, scenarios};
use crate::common::until_waiting;
use gochan::prelude::*;
use gochan::sync::Mutex;
use gochan::time::sleep;
use gochan::{JoinHandle, runtime};

scenarios!(
    two_of_a_program,
    a_goroutine_and_a_thread,
    threads_alone,
    one_after_the_other,
    all_of_a_program,
    nobody_wants_to_know,
    a_dump_of_two,
    guards_that_wander
);

/// Lets two goroutines wait for each other.
fn knot() -> [JoinHandle<()>; 2] {
    let locks: &Shared<Mutex<()>> = Box::leak(Box::default());
    let meeting = Meeting::of(2);
    let one = {
        let meeting = meeting.clone();
        named("one", move || {
            let _first = locks.0.lock();
            meeting.meet();
            drop(locks.1.lock());
        })
    };
    let two = named("two", move || {
        let _first = locks.1.lock();
        meeting.meet();
        drop(locks.0.lock());
    });
    [one, two]
}

/// Longer than it takes until a deadlock is told.
fn goes_on() {
    let end = Instant::now() + Duration::from_millis(600);
    while Instant::now() < end {
        sleep(Duration::from_millis(2));
    }
}

#[gochan::main]
fn two_of_a_program() {
    knot();
    goes_on();
    println!("others go on");
}

fn watched(name: &str) -> Outcome {
    scenario(name).env("GOCHAN_DEADLOCK", "watch").run()
}

fn warnings(outcome: &Outcome) -> usize {
    outcome.stderr.matches("gochan: warning: deadlock: ").count()
}

#[test]
fn dl_01_a_program_says_once_that_some_wait_for_each_other_and_goes_on() {
    let outcome = watched("two_of_a_program");
    outcome.prints("others go on\n");
    assert_eq!(warnings(&outcome), 1, "{outcome:#?}");
    is_told(&outcome.stderr, "2 goroutines wait for each other");
    assert!(outcome.stderr.contains("`one`") && outcome.stderr.contains("`two`"), "{outcome:#?}");
}

#[test]
fn dl_01_builds_with_debug_assertions_look_without_being_asked() {
    let outcome = scenario("two_of_a_program").without("GOCHAN_DEADLOCK").run();
    outcome.prints("others go on\n");
    assert_eq!(warnings(&outcome), usize::from(cfg!(debug_assertions)), "{outcome:#?}");
}

#[gochan::main]
fn one_after_the_other() {
    let stuck = knot();
    stuck.iter().for_each(until_waiting);
    goes_on();
    // More that wait for those are no news.
    for handle in stuck {
        go!({
            let _ = handle.join();
        });
    }
    goes_on();
    knot();
    goes_on();
}

#[test]
fn dl_01_each_deadlock_is_told_once() {
    let outcome = watched("one_after_the_other");
    assert_eq!((outcome.code(), warnings(&outcome)), (Some(0), 2), "{outcome:#?}");
}

#[gochan::main]
fn a_goroutine_and_a_thread() {
    let locks: &Shared<Mutex<()>> = Box::leak(Box::default());
    let meeting = Meeting::of(2);
    let thread = {
        let meeting = meeting.clone();
        thread::Builder::new().name("outsider".to_owned()).spawn(move || {
            let _first = locks.0.lock();
            meeting.meet();
            drop(locks.1.lock());
        })
    };
    named("insider", move || {
        let _first = locks.1.lock();
        meeting.meet();
        drop(locks.0.lock());
    });
    goes_on();
    drop(thread);
}

fn threads_alone() {
    let locks: &Shared<Mutex<()>> = Box::leak(Box::default());
    let barrier: &std::sync::Barrier = Box::leak(Box::new(std::sync::Barrier::new(2)));
    for name in ["one", "two"] {
        let body = move || {
            let (first, second) = if name == "one" { (&locks.0, &locks.1) } else { (&locks.1, &locks.0) };
            let _first = first.lock();
            barrier.wait();
            drop(second.lock());
        };
        thread::Builder::new().name(name.to_owned()).spawn(body).unwrap();
    }
    thread::sleep(Duration::from_millis(600));
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "nothing reads the settings before the first goroutine")]
fn dl_01_threads_count_as_goroutines_do_while_they_wait() {
    let outcome = watched("threads_alone");
    assert_eq!((outcome.code(), warnings(&outcome)), (Some(0), 1), "{outcome:#?}");
    for name in ["thread `one`: waits in Mutex lock at ", "thread `two`: waits in Mutex lock at "] {
        assert!(outcome.stderr.contains(name), "{outcome:#?}");
    }
}

#[test]
fn dl_01_a_goroutine_and_a_thread_may_wait_for_each_other() {
    let outcome = watched("a_goroutine_and_a_thread");
    assert_eq!((outcome.code(), warnings(&outcome)), (Some(0), 1), "{outcome:#?}");
    assert!(outcome.stderr.contains("thread `outsider`: waits in Mutex lock at "), "{outcome:#?}");
    assert!(outcome.stderr.contains("`insider`: waits in Mutex lock at "), "{outcome:#?}");
}

#[gochan::main]
fn all_of_a_program() {
    for stuck in knot() {
        let _ = stuck.join();
    }
}

#[test]
fn dl_01_a_deadlock_of_all_is_told_as_that_and_with_who_holds_what() {
    let outcome = watched("all_of_a_program");
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    assert!(
        outcome.stderr.starts_with("fatal error: all goroutines are asleep - deadlock!\n\n"),
        "{outcome:#?}"
    );
    assert_eq!(warnings(&outcome), 0, "{outcome:#?}");
    let held = outcome.stderr.lines().filter(|line| line.contains(": held by goroutine ")).count();
    assert_eq!(held, 2, "{outcome:#?}");
}

#[gochan::main]
fn nobody_wants_to_know() {
    knot();
    goes_on();
}

#[test]
fn dl_02_the_report_of_some_can_be_switched_off() {
    let outcome = scenario("nobody_wants_to_know").env("GOCHAN_DEADLOCK", "ignore").run();
    outcome.prints("");
    assert_eq!(warnings(&outcome), 0, "{outcome:#?}");
}

#[gochan::main]
fn a_dump_of_two() {
    let stuck = knot();
    stuck.iter().for_each(until_waiting);
    goes_on();
    println!("{}", runtime::dump());
    for finding in runtime::profile().findings() {
        println!("found: {}: {}", finding.kind, finding.text.lines().next().unwrap_or_default());
    }
}

#[test]
fn dl_06_dumps_and_profiles_name_the_deadlocks_that_are_known() {
    let outcome = watched("a_dump_of_two");
    is_told(&outcome.stdout, "2 goroutines wait for each other");
    assert!(outcome.stdout.contains("\nfound: deadlock: deadlock: 2 goroutines"), "{}", outcome.stdout);
}

/// Guards stay on their threads; a thread-local can hand one to another goroutine there.
#[gochan::main]
fn guards_that_wander() {
    use std::cell::RefCell;
    thread_local!(static GUARD: RefCell<Option<gochan::sync::MutexGuard<'static, ()>>> = const { RefCell::new(None) });
    let lock: &'static Mutex<()> = Box::leak(Box::default());
    for _ in 0..2 {
        let takes = go!({ GUARD.set(Some(lock.lock())) });
        until_finished(&takes);
        let waits = go!({ drop(lock.lock()) });
        until_waiting(&waits);
        go!({ drop(GUARD.take()) }).join().unwrap();
        waits.join().unwrap();
    }
    goes_on();
}

fn until_finished<T>(handle: &JoinHandle<T>) {
    while !handle.is_finished() {
        runtime::gosched();
    }
}

#[test]
fn dl_02_once_a_guard_has_been_handed_about_nothing_is_called() {
    let outcome =
        scenario("guards_that_wander").backend("coroutines").workers(1).env("GOCHAN_DEADLOCK", "watch").run();
    outcome.prints("");
    // The first time it looks as if the goroutine had left it locked.
    assert!(warnings(&outcome) <= 1, "{outcome:#?}");
}
