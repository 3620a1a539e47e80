//! A goroutine that blocks its thread is told after a second, with the call to the system and what to use instead. Row DL-06.

use std::io::Read;
use std::os::fd::FromRawFd;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::common::on_threads;
use crate::common::process::{Outcome, scenarios};
use gochan::prelude::*;

scenarios!(
    locks,
    sleeps,
    sleeps_alone,
    reads_a_socket,
    reads_a_pipe,
    accepts,
    polls,
    waits_for_a_child,
    computes
);

/// Long enough for a report after a second on a busy machine, and not for one after ten.
const LONG: Duration = Duration::from_millis(2500);

/// Runs `blocks` on a worker that has one other goroutine.
fn beside_another(blocks: impl FnOnce() + Send + 'static) {
    let ch = chan!(());
    let other = go!([ch] { recv!(ch) });
    gochan::runtime::gosched();
    go!({ blocks() }).join().unwrap();
    send!(ch <- ());
    other.join().unwrap();
}

/// Calls `end` after that time, from a thread.
fn later(end: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        thread::sleep(LONG);
        end();
    });
}

#[gochan::main(workers = 1)]
fn locks() {
    let lock = Arc::new(Mutex::new(()));
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn({
        let lock = lock.clone();
        move || {
            let _guard = lock.lock().unwrap();
            tell.send(()).unwrap();
            thread::sleep(LONG);
        }
    });
    told.recv().unwrap();
    beside_another(move || drop(lock.lock().unwrap()));
}

#[gochan::main(workers = 1)]
fn sleeps() {
    beside_another(|| thread::sleep(LONG));
}

#[gochan::main(workers = 1)]
fn sleeps_alone() {
    thread::sleep(LONG);
}

#[gochan::main(workers = 1)]
fn reads_a_socket() {
    let (mut near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    later(move || drop(far));
    // gochan-lint: allow(blocking_io_in_goroutine) the goroutine is to be reported
    beside_another(move || assert_eq!(near.read(&mut [0]).unwrap(), 0));
}

#[gochan::main(workers = 1)]
fn reads_a_pipe() {
    let mut ends = [0; 2];
    // SAFETY: there is room for two descriptors, which the files own from then on.
    let (mut out, into) = unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        (std::fs::File::from_raw_fd(ends[0]), std::fs::File::from_raw_fd(ends[1]))
    };
    later(move || drop(into));
    beside_another(move || assert_eq!(out.read(&mut [0]).unwrap(), 0));
}

#[gochan::main(workers = 1)]
fn accepts() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    later(move || drop(std::net::TcpStream::connect(address)));
    // gochan-lint: allow(blocking_io_in_goroutine) this is what is to be reported
    beside_another(move || drop(listener.accept().unwrap()));
}

#[gochan::main(workers = 1)]
fn polls() {
    // SAFETY: no descriptors.
    beside_another(|| _ = unsafe { libc::poll(std::ptr::null_mut(), 0, LONG.as_millis() as i32) });
}

#[gochan::main(workers = 1)]
fn waits_for_a_child() {
    beside_another(|| {
        // gochan-lint: allow(blocking_io_in_goroutine) this is what is to be reported
        let child = std::process::Command::new("sleep").arg(LONG.as_secs_f64().to_string()).status();
        assert!(child.unwrap().success());
    });
}

#[gochan::main(workers = 1)]
fn computes() {
    beside_another(|| {
        let start = std::time::Instant::now();
        while start.elapsed() < LONG {}
    });
}

/// What a scenario says of the goroutine that blocks.
fn told(name: &str) -> Outcome {
    let outcome = scenario(name).env("GOCHAN_TRACEBACK", "none").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    outcome
}

/// The scenarios, the calls that each may be found in, and words of the remedies.
const BLOCKING: [(&str, &[&str], &str); 7] = [
    ("locks", &["futex"], "Use the locks of gochan::sync"),
    ("sleeps", &["clock_nanosleep", "nanosleep"], "Use gochan::time::sleep"),
    ("reads_a_socket", &["recvfrom", "read"], "Use gochan::net"),
    ("reads_a_pipe", &["read"], "gochan::process for children and their pipes"),
    ("accepts", &["accept4", "accept"], "Use gochan::net"),
    ("polls", &["poll", "ppoll"], "gochan::blocking"),
    ("waits_for_a_child", &["wait4", "waitid", "ppoll", "poll"], "gochan::"),
];

#[cfg(target_os = "linux")]
#[test]
fn dl_06_a_goroutine_that_blocks_its_thread_is_told_after_a_second_with_the_call_and_the_remedy() {
    if on_threads() {
        return;
    }
    let tells_calls = std::fs::read_to_string("/proc/thread-self/syscall").is_ok();
    thread::scope(|scope| {
        for (name, calls, remedy) in BLOCKING {
            scope.spawn(move || {
                let outcome = told(name);
                let (_, said) = outcome
                    .stderr
                    .split_once(" to itself for ")
                    .unwrap_or_else(|| panic!("{name}: {outcome:#?}"));
                assert!(said.starts_with("1.") || said.starts_with("2."), "{name}: {said}");
                if tells_calls {
                    let named = calls
                        .iter()
                        .any(|call| said.contains(&format!("sleeps in the system call {call}\n")));
                    assert!(named && said.contains(remedy), "{name}: {said}");
                }
                // The main goroutine, which joins it, and the one beside it.
                assert!(
                    said.contains("\n    2 other goroutines of this worker cannot run meanwhile\n"),
                    "{name}: {said}"
                );
                assert_eq!(outcome.stderr.matches("warning").count(), 1, "{name}: {outcome:#?}");
            });
        }
    });
}

/// One that computes may end at any moment, and one that nothing waits for does no harm.
#[test]
fn dl_06_one_that_computes_or_is_alone_is_not_told_after_a_second() {
    thread::scope(|scope| {
        for name in ["computes", "sleeps_alone"] {
            scope.spawn(move || assert_eq!(told(name).stderr, "", "{name}"));
        }
    });
}
