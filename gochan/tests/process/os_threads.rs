//! Threads that run goroutines of `Backend::Threads` and calls of `blocking`, where there are too few of them.

use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::process::{Scenario, scenarios};
use crate::common::{Ledger, panic_of, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, InstallError, metrics, num_goroutine};
use gochan::sync::errgroup;
use gochan::{Builder, JoinHandle, blocking, scope};

scenarios!(
    scope_without_threads,
    wait_group_without_threads,
    spawns_without_threads,
    a_test_without_threads,
    calls_queue_at_the_system_s_limit,
    calls_go_on_when_the_limit_is_lifted,
    no_thread_for_the_first_call,
    calls_queue_at_the_limit,
    calls_that_wait_are_reported_once,
    nested_calls_at_the_limit,
    six_hundred_nested_calls,
    idle_connections,
    limit_of_zero,
);

/// A stack that does not fit under the limit of [`no_more_threads`].
const HUGE: &str = "1073741824";

/// While the returned value lives, the process gets no memory for a stack of [`HUGE`] bytes. Unlike the limit of
/// processes this binds a superuser as well.
#[must_use]
fn no_more_threads() -> impl Drop {
    struct Restored(libc::rlimit);
    impl Drop for Restored {
        fn drop(&mut self) {
            // SAFETY: the limit is a field to be read.
            assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &self.0) }, 0);
        }
    }
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).expect("a number of pages");
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limits are locals to be written and read.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_AS, &mut before), 0);
        let less = libc::rlimit { rlim_cur: pages * 4096 + (512 << 20), rlim_max: before.rlim_max };
        assert_eq!(libc::setrlimit(libc::RLIMIT_AS, &less), 0);
    }
    Restored(before)
}

/// On threads, whose stacks are huge.
fn on_huge_threads(name: &str) -> Scenario {
    scenario(name).backend("threads").env("GOCHAN_STACK", HUGE)
}

#[gochan::main]
fn scope_without_threads() {
    let (ledger, words) = (Ledger::default(), String::from("borrowed"));
    let before = num_goroutine();
    scope(|s| {
        let gate = chan!(());
        let first = s.go({
            let (gate, words) = (gate.clone(), &words);
            move || {
                gate.recv();
                words.len()
            }
        });
        let limit = no_more_threads();
        let value = ledger.value(1);
        println!("{}", panic_of(|| drop(s.go(|| drop((value, &words))))));
        ledger.balances();
        drop(limit);
        assert_eq!(s.go(|| words.len()).join().unwrap(), 8);
        gate.close();
        assert_eq!(first.join().unwrap(), 8);
    });
    assert_eq!(num_goroutine(), before);
    let (ended, mut started) = (AtomicUsize::new(0), 0);
    let refused = panic_of(|| {
        scope(|s| {
            let gate = chan!(());
            defer!(gate.close());
            // Until no thread is idle.
            while started < 2 || metrics().goroutine_threads > num_goroutine() {
                let (gate, ended) = (gate.clone(), &ended);
                s.go(move || {
                    gate.recv();
                    ended.fetch_add(1, SeqCst);
                });
                started += 1;
            }
            let _limit = no_more_threads();
            s.go(|| ended.fetch_add(100, SeqCst));
        });
    });
    println!("{refused}");
    assert_eq!(ended.load(SeqCst), started);
    until(|| num_goroutine() == before);
}

#[track_caller]
fn each_says_cannot_start(stdout: &str, times: usize) {
    assert_eq!(stdout.matches("cannot start a thread for goroutine ").count(), times, "{stdout}");
}

#[test]
fn go_16_a_scope_ends_when_a_thread_cannot_be_started() {
    let outcome = on_huge_threads("scope_without_threads").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    each_says_cannot_start(&outcome.stdout, 2);
}

#[gochan::main]
fn wait_group_without_threads() {
    let (wg, group) = (WaitGroup::new(), errgroup::Group::<String>::new());
    let gate = chan!(());
    wg.go({
        let gate = gate.clone();
        move || gate.recv()
    });
    let limit = no_more_threads();
    println!("{}", panic_of(|| drop(wg.go(|| {}))));
    println!("{}", panic_of(|| group.go(|| Ok(()))));
    drop(limit);
    gate.close();
    wg.wait();
    group.wait().unwrap();
    wg.go(|| {});
    wg.wait();
}

#[test]
fn wg_04_a_wait_ends_when_a_thread_cannot_be_started() {
    let outcome = on_huge_threads("wait_group_without_threads").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    each_says_cannot_start(&outcome.stdout, 2);
}

#[gochan::main]
fn spawns_without_threads() {
    struct Panics(Ledger);
    impl Drop for Panics {
        fn drop(&mut self) {
            drop(self.0.value(1));
            panic!("a destructor");
        }
    }
    let (ledger, before) = (Ledger::default(), metrics());
    let _limit = no_more_threads();
    for _ in 0..100 {
        let value = ledger.value(7);
        println!("{}", panic_of(|| drop(go!({ drop(value) }))));
    }
    println!("{}", panic_of(|| drop(Builder::new().name("unborn").spawn(|| {}))));
    let panics = Panics(ledger.clone());
    println!("{}", panic_of(|| drop(go!({ drop(panics) }))));
    ledger.balances();
    assert_eq!(num_goroutine(), 1);
    assert_eq!(metrics().spawned, before.spawned);
    assert_eq!(runtime::goroutines().len(), 1, "main alone");
}

#[test]
fn go_24_a_goroutine_whose_thread_cannot_be_started_leaves_nothing_behind() {
    let outcome = on_huge_threads("spawns_without_threads").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    each_says_cannot_start(&outcome.stdout, 102);
}

fn a_test_without_threads() {
    gochan::__private::Test::new().run(|| {
        let _limit = no_more_threads();
        println!("{}", panic_of(|| drop(go!({}))));
    });
}

#[test]
fn dl_04_a_goroutine_whose_thread_cannot_be_started_is_no_leak() {
    let outcome = on_huge_threads("a_test_without_threads").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    each_says_cannot_start(&outcome.stdout, 1);
}

/// On coroutines, with calls on huge threads.
fn with_huge_pool_threads(name: &str) -> Scenario {
    scenario(name).backend("coroutines").env("RUST_MIN_STACK", HUGE)
}

/// A goroutine whose call of `blocking` returns when the sender is gone.
fn a_call_that_lasts() -> (mpsc::Sender<()>, JoinHandle<thread::ThreadId>) {
    let (tx, rx) = mpsc::channel::<()>();
    let calls = metrics().blocking_calls;
    let call = go!({
        blocking(move || {
            _ = rx.recv();
            thread::current().id()
        })
    });
    while metrics().blocking_calls == calls {
        runtime::gosched();
    }
    until_waiting(&call);
    (tx, call)
}

#[gochan::main]
fn calls_queue_at_the_system_s_limit() {
    let (tx, first) = a_call_that_lasts();
    let _limit = no_more_threads();
    let others: Vec<_> = (0..10).map(|_| go!({ blocking(|| thread::current().id()) })).collect();
    others.iter().for_each(until_waiting);
    assert!(others.iter().all(|call| !call.is_finished()));
    drop(tx);
    let thread = first.join().unwrap();
    assert!(others.into_iter().all(|call| call.join().unwrap() == thread));
    until(|| metrics().blocking_calls == 0);
    println!("all on one thread");
}

#[test]
fn io_11_calls_queue_when_the_system_refuses_a_thread() {
    with_huge_pool_threads("calls_queue_at_the_system_s_limit").run().prints("all on one thread\n");
}

#[gochan::main]
fn calls_go_on_when_the_limit_is_lifted() {
    let (tx, first) = a_call_that_lasts();
    let limit = no_more_threads();
    let second = go!({ blocking(|| thread::current().id()) });
    until_waiting(&second);
    drop(limit);
    // Needs a thread of its own: the first has not come back.
    let thread = second.join().unwrap();
    drop(tx);
    assert_ne!(first.join().unwrap(), thread);
    println!("done");
}

#[test]
fn io_11_a_queued_call_gets_the_thread_that_the_system_refused_before() {
    with_huge_pool_threads("calls_go_on_when_the_limit_is_lifted").run().prints("done\n");
}

#[gochan::main]
fn no_thread_for_the_first_call() {
    let limit = no_more_threads();
    println!("{}", panic_of(|| blocking(|| {})));
    drop(limit);
    println!("{}", blocking(|| 42));
}

#[test]
fn io_11_without_any_thread_the_call_panics_and_says_why() {
    let outcome = with_huge_pool_threads("no_thread_for_the_first_call").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let text = "cannot start a thread for gochan::blocking, and there is none that could make the call: ";
    assert!(outcome.stdout.starts_with(text) && outcome.stdout.ends_with("\n42\n"), "{outcome:#?}");
}

#[gochan::main]
fn calls_queue_at_the_limit() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            go!([running, most] {
                blocking(|| {
                    most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                    thread::yield_now();
                    running.fetch_sub(1, SeqCst);
                })
            })
        })
        .collect();
    calls.into_iter().for_each(|call| call.join().unwrap());
    assert!(metrics().blocking_threads <= 3);
    println!("at most three: {}", most.load(SeqCst) <= 3);
}

#[test]
fn io_11_no_more_calls_run_at_once_than_the_limit_allows() {
    let limited = scenario("calls_queue_at_the_limit").backend("coroutines");
    limited.env("GOCHAN_BLOCKING", "3").run().prints("at most three: true\n");
}

/// Everything that is written to standard error from now on.
fn captured_stderr() -> std::fs::File {
    let mut ends = [0; 2];
    // SAFETY: the ends are a local to be written; they are open then, and the reading one is owned by the file alone.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        assert_eq!(libc::dup2(ends[1], 2), 2);
        libc::close(ends[1]);
        std::fs::File::from_raw_fd(ends[0])
    }
}

/// Reads until the text ends in `end`.
fn read_until(file: &mut std::fs::File, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let mut byte = [0];
        file.read_exact(&mut byte).expect("more is to come");
        text.extend(byte);
    }
    String::from_utf8(text).expect("text")
}

fn calls_that_wait_are_reported_once() {
    let mut stderr = captured_stderr();
    let gate = chan!(());
    println!("{}", line!() + 1);
    let wait = |gate: &Chan<()>| blocking(|| gate.recv());
    let mut calls: Vec<_> = (0..4).map(|_| go!([gate] { wait(&gate) })).collect();
    until(|| metrics().blocking_calls == 4);
    println!("{}", line!() + 1);
    calls.push(go!([gate] { blocking(|| gate.recv()) }));
    print!("{}", read_until(&mut stderr, "not returned: "));
    print!("{}", read_until(&mut stderr, "\n"));
    gate.close();
    calls.into_iter().for_each(|call| _ = call.join().unwrap());
}

#[test]
fn io_11_calls_that_wait_at_the_limit_are_reported_once() {
    let limited = scenario("calls_that_wait_are_reported_once").backend("coroutines");
    let outcome = limited.env("GOCHAN_BLOCKING", "2").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let mut lines = outcome.stdout.splitn(3, '\n');
    let (line, other, report) = (lines.next().unwrap(), lines.next().unwrap(), lines.next().unwrap());
    for words in [
        "3 calls of gochan::blocking wait for a thread, the first for 1.",
        &format!("at {}:{line}:", file!()),
        &format!("the calls that have not returned: 4 at {}:{line}:", file!()),
        &format!(", 1 at {}:{other}:", file!()),
        "as many run as there are threads: 2, and that is the limit",
        "runtime::Builder::blocking_threads or GOCHAN_BLOCKING",
    ] {
        assert!(report.contains(words), "no {words:?} in {outcome:#?}");
    }
    assert_eq!(report.matches("gochan: warning").count(), 1, "{outcome:#?}");
}

/// None of the calls returns: each waits for a goroutine that waits for the only thread.
fn nested_calls_at_the_limit() {
    let mut stderr = captured_stderr();
    go!({ blocking(|| go!({ blocking(|| 1) }).join().unwrap()) });
    print!("{}", read_until(&mut stderr, "not returned: "));
}

#[test]
fn io_11_nested_calls_that_hang_at_the_limit_are_reported() {
    let limited = scenario("nested_calls_at_the_limit").backend("coroutines");
    let outcome = limited.env("GOCHAN_BLOCKING", "1").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    assert!(outcome.stdout.contains("1 call of gochan::blocking waits for a thread"), "{outcome:#?}");
}

#[gochan::main]
fn six_hundred_nested_calls() {
    let nested = || go!({ blocking(|| go!({ blocking(|| 1) }).join().unwrap()) });
    let calls: Vec<_> = (0..600).map(|_| nested()).collect();
    println!("{}", calls.into_iter().map(|call| call.join().unwrap()).sum::<i32>());
}

#[test]
fn io_11_six_hundred_nested_calls_return() {
    scenario("six_hundred_nested_calls").run().prints("600\n");
}

/// A goroutine for each connection, and a call for each read: the pool once had 512 threads.
#[gochan::main]
fn idle_connections() {
    let (idle, silent) = UnixStream::pair().unwrap();
    let idle = Arc::new(idle);
    let readers: Vec<_> = (0..515).map(|_| go!([idle] { blocking(|| (&*idle).read(&mut [0; 8])) })).collect();
    until(|| metrics().blocking_calls == 515);
    let (server, mut client) = UnixStream::pair().unwrap();
    let echo = go!({
        let mut byte = [0];
        blocking(|| (&server).read_exact(&mut byte)).unwrap();
        blocking(|| (&server).write_all(&byte)).unwrap();
    });
    // gochan-lint: allow(blocking_io_in_goroutine) the socket has room
    client.write_all(b"x").unwrap();
    blocking(|| client.read_exact(&mut [0])).unwrap();
    echo.join().unwrap();
    assert!(metrics().blocking_threads >= 515);
    drop(silent);
    readers.into_iter().for_each(|reader| assert_eq!(reader.join().unwrap().unwrap(), 0));
    println!("echo");
}

#[test]
fn io_11_five_hundred_idle_connections_hold_up_no_other() {
    let outcome = scenario("idle_connections").backend("coroutines").run();
    outcome.prints("echo\n");
    assert!(outcome.took < Duration::from_secs(20), "{outcome:#?}");
}

fn limit_of_zero() {
    let refused: InstallError = runtime::Builder::new().blocking_threads(0).install().unwrap_err();
    println!("{refused}");
    runtime::Builder::new().blocking_threads(1).install().expect("these are the first settings");
    let thread = || go!({ blocking(|| thread::current().id()) });
    let (one, two) = (thread(), thread());
    assert_eq!(one.join().unwrap(), two.join().unwrap());
}

#[test]
fn io_11_the_limit_can_be_set_and_is_at_least_one() {
    let limited = scenario("limit_of_zero").backend("coroutines");
    limited.run().prints("`blocking_threads(0)`: blocking calls need at least 1 thread\n");
    for wrong in ["0", "many", "-1"] {
        let outcome = scenario("calls_queue_at_the_limit").env("GOCHAN_BLOCKING", wrong).run();
        outcome.fails_saying(&[&format!("GOCHAN_BLOCKING is `{wrong}`"), "at least 1"]);
    }
}

/// Many spawners find and give back threads at once, and nothing is lost or run twice.
#[test]
fn go_21_calls_from_many_goroutines_each_run_once() {
    let _watchdog = watchdog();
    let ran = Arc::new(AtomicUsize::new(0));
    let all: Vec<_> = (0..20)
        .map(|_| {
            go!([ran] {
                for n in 0..200 {
                    assert_eq!(
                        blocking(|| {
                            ran.fetch_add(1, SeqCst);
                            n
                        }),
                        n
                    );
                }
            })
        })
        .collect();
    all.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    assert_eq!(ran.load(SeqCst), 4000);
}
