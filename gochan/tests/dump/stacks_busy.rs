//! Row DL-06: the stacks of goroutines that keep their worker.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use super::stacks::{shows_in_order, shows_no_runtime};
use crate::common::process::scenarios;
use crate::common::{on_threads, until};
use gochan::prelude::*;

scenarios!(
    computes,
    sleeps_on_its_worker,
    polls_on_its_worker,
    computes_with_a_handler_of_its_own,
    waits_by_an_executor,
);

/// Long enough for the thread to begin that tells of a busy goroutine.
const LONG: Duration = Duration::from_secs(2);

/// Whether the stack of a busy goroutine has been told.
struct Told {
    since: Instant,
    has_begun: bool,
}

impl Told {
    fn new() -> Told {
        Told { since: Instant::now(), has_begun: false }
    }

    /// It is, or nobody has begun to.
    fn is_over(&mut self) -> bool {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let mut names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        let tells = names.any(|name| name.trim() == "gochan-stack");
        self.has_begun |= tells;
        !tells && (self.has_begun || self.since.elapsed() > LONG)
    }
}

fn until_told() {
    let mut told = Told::new();
    until(|| told.is_over());
}

#[inline(never)]
fn crunch(stop: &AtomicBool, mut number: u64) -> u64 {
    while !stop.load(Relaxed) {
        number = black_box(number.wrapping_mul(6364136223846793005).wrapping_add(1));
    }
    number
}

#[inline(never)]
fn compute(stop: &AtomicBool) -> u64 {
    black_box(crunch(stop, 1)) + 1
}

fn computes_until_told() {
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = thread::spawn({
        let stop = stop.clone();
        move || {
            until_told();
            stop.store(true, Relaxed);
        }
    });
    black_box(go!([stop] { compute(&stop) }).join().unwrap());
    watcher.join().unwrap();
}

#[gochan::main]
fn computes() {
    computes_until_told();
}

#[gochan::main]
fn computes_with_a_handler_of_its_own() {
    extern "C" fn handler(_: libc::c_int) {
        // SAFETY: may be called in a handler.
        unsafe { libc::abort() };
    }
    // SAFETY: a handler that is safe to call at any time.
    unsafe { libc::signal(libc::SIGURG, handler as *const () as libc::sighandler_t) };
    computes_until_told();
}

#[inline(never)]
fn blocks_in_the_system() {
    let start = Instant::now();
    thread::sleep(black_box(LONG));
    assert!(start.elapsed() >= LONG);
}

#[gochan::main]
fn sleeps_on_its_worker() {
    go!({ blocks_in_the_system() }).join().unwrap();
    until_told();
}

#[inline(never)]
fn poll_alone() -> (i32, std::io::Error) {
    // SAFETY: no descriptors.
    let result = unsafe { libc::poll(std::ptr::null_mut(), 0, LONG.as_millis() as i32) };
    (black_box(result), std::io::Error::last_os_error())
}

#[gochan::main]
fn polls_on_its_worker() {
    let start = Instant::now();
    let (result, error) = go!({ poll_alone() }).join().unwrap();
    assert_eq!(result, 0, "{error}");
    assert!(start.elapsed() >= LONG);
    until_told();
}

#[gochan::main]
fn waits_by_an_executor() {
    let ch = chan!(());
    let watcher = thread::spawn({
        let ch = ch.clone();
        move || {
            until_told();
            ch.close();
        }
    });
    // gochan-lint: allow(foreign_block_on) what the dump shows
    go!([ch] { pollster::block_on(ch.recv_async()) }).join().unwrap();
    watcher.join().unwrap();
}

/// The executor is named, and what to call instead.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[test]
fn io_12_a_goroutine_in_the_block_on_of_an_executor_is_told_the_remedy() {
    if on_threads() {
        return;
    }
    let outcome = scenario("waits_by_an_executor").env("GOCHAN_STUCK", "100ms").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let (_, stack) =
        outcome.stderr.split_once(" to itself, is in:\n").unwrap_or_else(|| panic!("{outcome:#?}"));
    shows_in_order(stack, &["pollster::block_on", "this is `block_on` of `pollster`"]);
    assert!(stack.contains("gochan::block_on(future) parks the goroutine only"), "{outcome:#?}");
}

/// A goroutine that keeps its worker to itself is told with its stack.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[test]
fn dl_06_the_stack_of_a_goroutine_that_keeps_its_worker_is_shown() {
    if on_threads() {
        return;
    }
    let run = |name: &str| scenario(name).env("GOCHAN_STUCK", "100ms").run();
    let outcome = run("computes");
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let (_, stack) =
        outcome.stderr.split_once(" to itself, is in:\n").unwrap_or_else(|| panic!("{outcome:#?}"));
    shows_in_order(stack, &["::crunch at ", "::compute at "]);
    shows_no_runtime(stack);
    assert!(!stack.contains("and more"), "{outcome:#?}");

    let outcome = run("sleeps_on_its_worker");
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let (_, stack) =
        outcome.stderr.split_once(" to itself, is in:\n").unwrap_or_else(|| panic!("{outcome:#?}"));
    shows_in_order(stack, &["nanosleep", "::blocks_in_the_system at "]);

    // A call that a signal would end is not disturbed.
    let outcome = run("polls_on_its_worker");
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    assert!(outcome.stderr.contains("poll"), "{outcome:#?}");

    let outcome = run("computes_with_a_handler_of_its_own");
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    assert!(outcome.stderr.contains(": the program has a handler for SIGURG\n"), "{outcome:#?}");

    let outcome = scenario("computes").env("GOCHAN_STUCK", "100ms").env("GOCHAN_TRACEBACK", "none").run();
    assert!(outcome.stderr.contains("warning") && !outcome.stderr.contains("is in:"), "{outcome:#?}");
}
