//! Row GO-23: a goroutine forks, and the child goes on. It runs alone there: what would need the others is refused with a
//! clear error, and its end is the process's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{Outcome, scenarios};
use crate::common::until_waiting;
use gochan::prelude::*;
use gochan::runtime::{self, goexit, gosched, num_goroutine};
use gochan::sync::Mutex;
use gochan::time::{after_func, sleep};
use gochan::{blocking, scope, select, signal};

scenarios!(
    main_runs_alone,
    main_returns_a_code,
    main_returns_an_error,
    main_panics,
    goroutines_end,
    waits,
    waits_while_unwinding,
    a_plain_thread_waits,
    yields_and_what_does_not_wait,
    blocking_in_the_child,
    fork_in_a_blocking_call,
    forks_while_others_are_busy,
    spawns_in_a_scope,
    child_exits_while_traced,
    signals_do_their_default,
    a_test_that_forks,
);

/// Forks; `child` is what the child does. Returns how it has ended.
fn forked(child: impl FnOnce()) -> String {
    match fork() {
        0 => {
            child();
            std::process::exit(77);
        }
        pid => end_of(pid),
    }
}

fn fork() -> libc::pid_t {
    // SAFETY: the child runs what these tests are about: the goroutine that forked.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no fork");
    if pid == 0 {
        // SAFETY: no pointers are involved; ends the child should it hang.
        unsafe { libc::alarm(60) };
    }
    pid
}

fn end_of(pid: libc::pid_t) -> String {
    let mut status = 0;
    // SAFETY: the status is a local to be written.
    let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(waited, pid);
    if libc::WIFSIGNALED(status) {
        format!("signal {}", libc::WTERMSIG(status))
    } else {
        format!("code {}", libc::WEXITSTATUS(status))
    }
}

/// Memory that a child shares with its parent.
fn shared() -> &'static AtomicU32 {
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping, all zero, that is never unmapped.
    unsafe {
        let memory = libc::mmap(std::ptr::null_mut(), size_of::<AtomicU32>(), access, flags, -1, 0);
        assert_ne!(memory, libc::MAP_FAILED);
        &*memory.cast::<AtomicU32>()
    }
}

#[gochan::main]
fn main_runs_alone() {
    let parent = std::process::id();
    let strays = shared();
    // Counts what is run by anybody but the parent.
    let note = move || _ = strays.fetch_add(u32::from(std::process::id() != parent), SeqCst);
    let stop = chan!(());
    for _ in 0..3 {
        go!([stop] {
            while stop.try_recv() == Err(chan::TryRecvError::Empty) {
                note();
                gosched();
            }
        });
        go!([stop] {
            while stop.try_recv() == Err(chan::TryRecvError::Empty) {
                sleep(Duration::from_millis(1));
                note();
            }
        });
    }
    let (tx, rx) = chan!(u32).split();
    let receiver = go!({
        while rx.recv().is_some() {
            note();
        }
    });
    until_waiting(&receiver);
    after_func(Duration::from_millis(2), note);
    go!({ note() });
    let pid = fork();
    if pid == 0 {
        // Wakes one of them, and gives all of them every opportunity.
        assert!(tx.try_send(1).is_ok());
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(50) {
            gosched();
        }
        println!("the child returns, one of {} goroutines", num_goroutine());
        return;
    }
    println!("{}, {} strays", end_of(pid), strays.load(SeqCst));
    stop.close();
}

#[test]
fn go_23_a_forked_child_runs_none_of_the_others_and_ends_with_main() {
    let expected = "the child returns, one of 1 goroutines\ncode 0, 0 strays\n";
    scenario("main_runs_alone").workers(1).run().prints(expected);
    scenario("main_runs_alone").run().prints(expected);
}

#[gochan::main]
fn main_returns_a_code() -> ExitCode {
    match fork() {
        0 => ExitCode::from(7),
        pid => {
            println!("{}", end_of(pid));
            ExitCode::SUCCESS
        }
    }
}

#[gochan::main]
fn main_returns_an_error() -> Result<(), String> {
    match fork() {
        0 => Err("no such luck".to_owned()),
        pid => {
            println!("{}", end_of(pid));
            Ok(())
        }
    }
}

#[gochan::main]
fn main_panics() {
    match fork() {
        0 => panic!("only here"),
        pid => println!("{}", end_of(pid)),
    }
}

#[test]
fn go_23_what_main_returns_is_the_exit_code_of_the_child() {
    scenario("main_returns_a_code").run().prints("code 7\n");
    let outcome = scenario("main_returns_an_error").run();
    outcome.prints("code 1\n");
    assert!(outcome.stderr.contains("Error: \"no such luck\""), "{outcome:#?}");
    let outcome = scenario("main_panics").run();
    outcome.prints("code 101\n");
    assert!(outcome.stderr.contains("only here"), "{outcome:#?}");
}

/// No `#[gochan::main]`: the goroutine that forks is any.
fn goroutines_end() {
    let fork_and = |child: fn()| {
        let parent = go!({
            let pid = fork();
            if pid == 0 {
                child();
                return String::new();
            }
            end_of(pid)
        });
        println!("{}", parent.join().unwrap());
    };
    fork_and(|| {});
    fork_and(|| panic!("in the child"));
    fork_and(|| goexit());
    // Its panic is caught for the scope, which is not there.
    let end = scope(|s| {
        s.go(|| match fork() {
            0 => panic!("in the child of a scope"),
            pid => end_of(pid),
        })
        .join()
        .unwrap()
    });
    println!("{end}");
}

#[test]
fn go_23_the_end_of_any_goroutine_that_forked_ends_the_child() {
    let outcome = scenario("goroutines_end").run();
    outcome.prints("code 0\ncode 101\ncode 0\ncode 101\n");
    assert!(outcome.stderr.contains("in the child of a scope"), "{outcome:#?}");
}

#[gochan::main]
fn waits() {
    let never = chan!(u32);
    let mutex = Mutex::new(());
    let other = go!([never] { never.recv() });
    // Not at work on the channel when the child uses it.
    until_waiting(&other);
    let wg = WaitGroup::new();
    wg.add(1);
    let guard = mutex.lock();
    let end = |name: &str, wait: &dyn Fn()| println!("{name}: {}", forked(wait));
    end("receive", &|| _ = recv!(never));
    end("select", &|| {
        select! {
            _ = <-never => {}
            _ = <-never => {}
        }
    });
    end("nil", &|| _ = recv!(Chan::<u32>::nil()));
    end("timeout", &|| _ = never.recv_timeout(Duration::from_millis(1)));
    end("sleep", &|| sleep(Duration::from_millis(1)));
    end("lock", &|| drop(mutex.lock()));
    end("wait", &|| wg.wait());
    drop(guard);
    match fork() {
        0 => drop(other.join()),
        pid => println!("join: {}", end_of(pid)),
    }
}

#[track_caller]
fn refuses(outcome: &Outcome, words: &[&str]) {
    for word in words.iter().chain(&["in a forked child", "stayed in the parent", "Exec a new program"]) {
        assert!(outcome.stderr.contains(word), "no {word:?} in {outcome:#?}");
    }
    let place = format!("at {}:", file!());
    assert!(outcome.stderr.contains(&place), "no {place:?} in {outcome:#?}");
}

#[test]
fn go_23_a_wait_in_a_forked_child_ends_it_and_says_so() {
    let outcome = scenario("waits").run();
    outcome.prints(
        "receive: code 2\nselect: code 2\nnil: code 2\ntimeout: code 2\nsleep: code 2\nlock: code 2\nwait: code 2\n\
         join: code 2\n",
    );
    refuses(
        &outcome,
        &[
            "waits [chan receive] at",
            "waits [select] at",
            "waits [nil channel] at",
            "waits [sleep] at",
            "waits [Mutex lock] at",
            "waits [WaitGroup wait] at",
            "waits [join] at",
        ],
    );
    assert_eq!(outcome.stderr.matches("fatal error").count(), 8, "{outcome:#?}");
}

#[gochan::main]
fn waits_while_unwinding() {
    struct Receives(Chan<u32>);
    impl Drop for Receives {
        fn drop(&mut self) {
            recv!(self.0);
        }
    }
    let ch = chan!(u32);
    println!(
        "{}",
        forked(|| {
            let _receives = Receives(ch.clone());
            panic!("unwinds in the child");
        })
    );
}

#[test]
fn go_23_so_does_a_wait_while_a_panic_unwinds() {
    let outcome = scenario("waits_while_unwinding").run();
    outcome.prints("code 2\n");
    refuses(&outcome, &["waits [chan receive] at"]);
}

fn a_plain_thread_waits() {
    go!({}).join().unwrap();
    println!("{}", forked(|| _ = recv!(chan!(u32))));
    // With a thread of its own it may be woken.
    println!(
        "{}",
        forked(|| {
            let ch = chan!(u32);
            let other = thread::spawn({
                let ch = ch.clone();
                move || send!(ch <- 42)
            });
            assert_eq!(recv!(ch), 42);
            other.join().unwrap();
            assert_eq!(ch.recv_timeout(Duration::from_millis(1)), Err(chan::RecvTimeoutError::Timeout));
        })
    );
}

#[test]
fn go_23_a_plain_thread_in_a_forked_child_waits_only_for_other_threads() {
    let outcome = scenario("a_plain_thread_waits").run();
    outcome.prints("code 2\ncode 77\n");
    refuses(&outcome, &["a thread waits [chan receive] at"]);
}

#[gochan::main]
fn yields_and_what_does_not_wait() {
    let other = go!({ sleep(crate::common::patience()) });
    until_waiting(&other);
    let ch = chan!(u32, 1);
    println!(
        "{}",
        forked(|| {
            // More than a budget allows without letting others run.
            for n in 0..10_000 {
                send!(ch <- n);
                assert_eq!(recv!(ch), n);
                gosched();
                sleep(Duration::ZERO);
            }
            assert!(!other.is_finished());
            assert_eq!(num_goroutine(), 1);
            assert_eq!(runtime::goroutines().len(), 1);
            assert!(runtime::dump().contains("goroutine"));
            assert_eq!(runtime::profile().count(), 1);
            assert_eq!(runtime::metrics(), runtime::Metrics::default());
            let mutex = Mutex::new(1);
            *mutex.lock() += 1;
        })
    );
}

#[test]
fn go_23_what_does_not_wait_works_in_a_forked_child() {
    let outcome = scenario("yields_and_what_does_not_wait").run();
    outcome.prints("code 77\n");
    assert_eq!(outcome.stderr, "");
}

#[gochan::main]
fn blocking_in_the_child() {
    // So that the pool has a thread, which the child has not.
    blocking(|| {});
    println!("{}", forked(|| assert_eq!(blocking(|| 6 * 7), 42)));
}

#[gochan::main]
fn fork_in_a_blocking_call() {
    println!("{}", blocking(|| forked(|| {})));
    let pid = blocking(fork);
    println!("{}", end_of(pid));
}

#[test]
fn go_23_a_blocking_call_in_a_forked_child_runs_in_place() {
    let outcome = scenario("blocking_in_the_child").run();
    outcome.prints("code 77\n");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn go_23_a_blocking_call_that_forks_does_not_return_in_the_child() {
    let outcome = scenario("fork_in_a_blocking_call").backend("coroutines").run();
    outcome.prints("code 77\ncode 2\n");
    assert!(outcome.stderr.contains("gochan::blocking returns in a forked child"), "{outcome:#?}");
}

/// The others hold, again and again, the locks of everything that the child uses.
#[gochan::main]
fn forks_while_others_are_busy() {
    let (ch, stop) = (chan!(u32, 1), chan!(()));
    let keep_busy = |ch: Chan<u32>| {
        while ch.len() < usize::MAX && !stop.is_closed() {
            _ = ch.try_send(1);
            _ = ch.try_recv();
            drop(go!({}).join());
            drop(after_func(Duration::from_secs(100), || ()));
            gosched();
        }
    };
    scope(|s| {
        (0..3).for_each(|_| drop(s.go(|| keep_busy(ch.clone()))));
        for _ in 0..200 {
            let end = forked(|| {
                _ = ch.try_send(1);
                _ = ch.try_recv();
                let refused = catch_unwind(|| after_func(Duration::from_secs(100), || ())).is_err();
                assert!(refused);
                std::process::exit(0);
            });
            // The channel's lock was free, or held for good.
            assert!(["code 0", "code 2"].contains(&&*end), "{end}");
        }
        stop.close();
    });
    println!("none has hung");
}

#[test]
fn go_23_a_lock_held_by_another_goroutine_at_the_fork_does_not_hang_the_child() {
    let outcome = scenario("forks_while_others_are_busy").run();
    outcome.prints("none has hung\n");
}

#[gochan::main]
fn spawns_in_a_scope() {
    println!(
        "{}",
        forked(|| {
            let refused = catch_unwind(AssertUnwindSafe(|| scope(|s| drop(s.go(|| {})))));
            assert!(crate::common::message(&*refused.unwrap_err()).contains("forked child"));
            let wg = WaitGroup::new();
            assert!(catch_unwind(AssertUnwindSafe(|| drop(wg.go(|| {})))).is_err());
            wg.wait();
        })
    );
}

#[test]
fn go_23_a_scope_in_a_forked_child_ends_with_the_refusal() {
    scenario("spawns_in_a_scope").run().prints("code 77\n");
}

#[gochan::main]
fn child_exits_while_traced() {
    go!({ gosched() }).join().unwrap();
    println!("{}", forked(|| {}));
    println!("{}", forked(|| _ = recv!(chan!(u32))));
}

#[test]
fn go_23_the_exit_of_a_forked_child_leaves_the_trace_to_its_parent() {
    let path = std::env::temp_dir().join(format!("gochan-trace-fork-{}.json", std::process::id()));
    let traced = scenario("child_exits_while_traced").backend("coroutines");
    traced.env("GOCHAN_TRACE", path.to_str().expect("a path in UTF-8")).run().prints("code 77\ncode 2\n");
    let text = std::fs::read(&path).expect("the trace is written");
    std::fs::remove_file(&path).expect("the trace can be removed");
    let trace: serde_json::Value = serde_json::from_slice(&text).expect("one trace");
    assert!(!trace["traceEvents"].as_array().expect("a list of events").is_empty());
}

#[gochan::main]
fn signals_do_their_default() {
    let _terminated = signal::notify(&[signal::Signal::TERMINATE]);
    let running = shared();
    let pid = fork();
    if pid == 0 {
        running.store(1, SeqCst);
        loop {
            gosched();
        }
    }
    crate::common::until(|| running.load(SeqCst) == 1);
    // SAFETY: no pointers are involved.
    unsafe { libc::kill(pid, libc::SIGTERM) };
    println!("{}", end_of(pid));
}

#[test]
fn go_23_a_signal_does_its_default_in_a_forked_child() {
    let expected = format!("signal {}\n", libc::SIGTERM);
    scenario("signals_do_their_default").run().prints(&expected);
}

fn a_test_that_forks() {
    for virtual_time in [false, true] {
        let test = gochan::__private::Test::new();
        let test = if virtual_time { test.virtual_time() } else { test };
        test.run(|| {
            match fork() {
                0 => return,
                pid => println!("{}", end_of(pid)),
            }
            println!("{}", forked(|| sleep(Duration::from_millis(1))));
            println!("{}", forked(gosched));
        });
    }
}

#[test]
fn go_23_a_test_may_fork() {
    let outcome = scenario("a_test_that_forks").run();
    outcome.prints(&"code 0\ncode 2\ncode 77\n".repeat(2));
}
