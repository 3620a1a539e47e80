//! Rows GO that take a process of their own: how a program starts and ends, what it prints then, its
//! environment, and what holds on one worker.

use std::hint::spin_loop;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::process::scenarios;
use crate::common::{message, on_threads, until};
use gochan::prelude::*;
use gochan::runtime::{self, PanicPolicy, gosched, num_goroutine};
use gochan::{Builder, JoinHandle, blocking};

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
    a_pair_that_is_always_ready,
    a_goroutine_that_is_always_ready,
    turns_on_one_worker,
    gosched_runs_the_others,
    gosched_runs_the_woken,
    a_worker_that_spins,
    panic_waits_for_its_own_worker,
    count_goroutines,
    blocking_leaves_the_worker_free,
    self_join,
    fork_child,
    naive_sieve,
    unwrapped_sends,
    fails_while_main_waits,
);

/// Lets everything else come to its end.
pub(super) fn until_alone() {
    while num_goroutine() > 1 {
        gosched();
    }
}

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
    let place = format!("goroutine.rs:{}", line.trim_start_matches("line "));
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
    outcome.fails_saying(&["take all down", "goroutine", "goroutine.rs"]);
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

#[gochan::main]
fn turns_on_one_worker() {
    let (ping, pong) = (chan!(u32), chan!(u32));
    go!([ping, pong] {
        for turn in &ping {
            send!(pong <- turn + 1);
        }
    });
    let mut turn = 0;
    for _ in 0..10_000 {
        send!(ping <- turn);
        turn = recv!(pong);
    }
    println!("{turn}");
}

#[test]
fn go_09_goroutines_of_one_worker_take_turns_at_blocking_operations() {
    scenario("turns_on_one_worker").workers(1).run().prints("10000\n");
}

#[gochan::main]
fn a_pair_that_is_always_ready() {
    let ch = chan!(u64);
    go!([ch] { for _ in &ch {} });
    go!([ch] {
        for number in 0.. {
            send!(ch <- number);
        }
    });
    let third = go!({
        for _ in 0..100 {
            gosched();
        }
    });
    third.join().unwrap();
    println!("the third had its turn");
}

#[gochan::main]
fn a_goroutine_that_is_always_ready() {
    let started = chan!(());
    for capacity in [1, 100] {
        go!([started] {
            let own = chan!(u64, capacity);
            send!(started <- ());
            // Its own channel is always ready: nothing here ever waits.
            for number in 0.. {
                send!(own <- number);
                recv!(own);
            }
        });
        recv!(started);
    }
    go!({ gosched() }).join().unwrap();
    println!("the third had its turn");
}

#[test]
fn go_09_two_that_are_always_ready_for_each_other_starve_no_third() {
    scenario("a_pair_that_is_always_ready").workers(1).run().prints("the third had its turn\n");
}

#[test]
fn go_09_one_that_never_finds_its_channel_blocked_starves_no_third() {
    scenario("a_goroutine_that_is_always_ready").workers(1).run().prints("the third had its turn\n");
}

#[gochan::main]
fn gosched_runs_the_others() {
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        go!([ran] {
            ran.fetch_add(1, SeqCst);
        });
    }
    gosched();
    if on_threads() {
        until(|| ran.load(SeqCst) == 100);
    }
    println!("{}", ran.load(SeqCst));
}

#[gochan::main]
fn gosched_runs_the_woken() {
    let ran = Arc::new(AtomicUsize::new(0));
    let gate = chan!(());
    let waiting: Vec<JoinHandle<()>> = (0..100)
        .map(|_| {
            go!([ran, gate] {
                recv!(gate);
                ran.fetch_add(1, SeqCst);
            })
        })
        .collect();
    for goroutine in &waiting {
        while !crate::common::is_waiting(goroutine) {
            gosched();
        }
    }
    close!(gate);
    gosched();
    if on_threads() {
        until(|| ran.load(SeqCst) == 100);
    }
    println!("{}", ran.load(SeqCst));
}

#[test]
fn go_10_gosched_returns_after_every_fresh_goroutine_of_the_worker_has_run() {
    scenario("gosched_runs_the_others").workers(1).run().prints("100\n");
}

#[test]
fn go_10_gosched_returns_after_every_woken_goroutine_of_the_worker_has_run() {
    scenario("gosched_runs_the_woken").workers(1).run().prints("100\n");
}

#[gochan::main]
fn a_worker_that_spins() {
    for _ in 0..20 {
        let goroutine = go!({
            let started = Arc::new(AtomicUsize::new(0));
            for _ in 0..50 {
                go!([started] {
                    started.fetch_add(1, SeqCst);
                });
            }
            // No operation that a scheduler could see until all of them have run.
            while started.load(SeqCst) < 50 {
                spin_loop();
            }
        });
        goroutine.join().unwrap();
    }
    println!("all started");
}

#[test]
fn go_13_fresh_goroutines_start_on_another_worker_while_their_own_is_busy() {
    scenario("a_worker_that_spins").workers(2).run().prints("all started\n");
}

#[gochan::main]
fn panic_waits_for_its_own_worker() {
    struct Farewell(Chan<()>);
    impl Drop for Farewell {
        fn drop(&mut self) {
            send!(self.0 <- ());
        }
    }
    let (gate, farewell) = (chan!((), 1), chan!(()));
    let peer = go!([gate, farewell] {
        recv!(gate);
        recv!(farewell);
        thread::panicking()
    });
    until_waiting_here(&peer);
    let goroutine = go!([gate, farewell] {
        let _farewell = Farewell(farewell);
        // From here on the peer could run, but has not yet come to receive the farewell.
        send!(gate <- ());
        panic!("on purpose");
    });
    assert_eq!(message(&*goroutine.join().unwrap_err()), "on purpose");
    assert!(!peer.join().unwrap(), "the peer saw the panic of another");
    println!("met");
}

/// As `until_waiting`, for a goroutine that needs this worker.
fn until_waiting_here<T>(goroutine: &JoinHandle<T>) {
    while !crate::common::is_waiting(goroutine) {
        gosched();
    }
}

#[test]
fn go_18_waiting_during_a_panic_for_the_own_worker_is_said_and_does_not_hang() {
    let outcome = scenario("panic_waits_for_its_own_worker").workers(1).run();
    if outcome.code() == Some(0) {
        outcome.prints("met\n");
    } else {
        outcome.fails_saying(&["on purpose", "panic", "worker"]);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn go_18_waiting_during_a_panic_for_another_worker_meets_or_is_said() {
    let outcome = scenario("panic_waits_for_its_own_worker").workers(2).run();
    if outcome.code() == Some(0) {
        outcome.prints("met\n");
    } else {
        assert!(!on_threads(), "{outcome:#?}");
        outcome.fails_saying(&["on purpose", "panic", "worker"]);
    }
}

#[gochan::main]
fn count_goroutines() {
    println!("{}", num_goroutine());
    let gate = chan!(());
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            go!([gate] {
                recv!(gate);
            })
        })
        .collect();
    println!("{}", num_goroutine());
    waiting.iter().for_each(until_waiting_here);
    println!("{}", num_goroutine());
    close!(gate);
    for goroutine in waiting {
        goroutine.join().unwrap();
    }
    println!("{}", num_goroutine());
    assert!(go!({ panic!("counted, too") }).join().is_err());
    assert!(go!({ runtime::goexit() }).join().is_err());
    println!("{}", num_goroutine());
}

#[test]
fn go_19_num_goroutine_counts_main_and_all_that_have_not_ended() {
    scenario("count_goroutines").run().prints("1\n11\n11\n1\n1\n");
    scenario("count_goroutines").workers(1).run().prints("1\n11\n11\n1\n1\n");
}

#[gochan::main]
fn blocking_leaves_the_worker_free() {
    let (tx, rx) = mpsc::channel();
    let entered = chan!(());
    // The call below returns only when another goroutine of the only worker has run.
    let caller = go!([entered] {
        blocking(move || {
            send!(entered <- ());
            rx.recv().unwrap()
        })
    });
    recv!(entered);
    let other = go!({ tx.send(42).unwrap() });
    other.join().unwrap();
    println!("{}", caller.join().unwrap());
}

#[test]
fn go_21_a_blocking_call_leaves_its_worker_to_the_others() {
    scenario("blocking_leaves_the_worker_free").workers(1).run().prints("42\n");
}

#[gochan::main]
fn self_join() {
    let own = chan!(JoinHandle<()>, 1);
    let goroutine = go!([own] {
        let me = recv_own(&own);
        let joined = catch_unwind(AssertUnwindSafe(|| me.join()));
        let refused = !matches!(joined, Ok(Ok(())));
        println!("refused: {refused}");
        // Ends the process with main still waiting for a goroutine that nobody can join any more.
        std::io::stdout().flush().unwrap();
        std::process::exit(0);
    });
    send!(own <- goroutine);
    let never = Chan::<()>::nil();
    recv!(never);
}

fn recv_own(own: &Chan<JoinHandle<()>>) -> JoinHandle<()> {
    own.recv().expect("main sends it")
}

#[test]
fn go_22_joining_itself_is_reported() {
    let outcome = scenario("self_join").run();
    if outcome.code() == Some(0) {
        outcome.prints("refused: true\n");
    } else {
        outcome.fails_saying(&["itself"]);
    }
}

#[cfg(unix)]
fn fork_child() {
    go!({}).join().unwrap();
    // SAFETY: the child below calls only what this test is about, and `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no fork");
    if child == 0 {
        // SAFETY: no pointers are involved; ends the child should the runtime hang there.
        unsafe { libc::alarm(60) };
        let said = catch_unwind(|| go!({ 1 }).join().unwrap());
        let refused = said.is_err();
        // SAFETY: does not return, and runs nothing of the parent's.
        unsafe { libc::_exit(if refused { 3 } else { 0 }) };
    }
    let mut status = 0;
    // SAFETY: the status is a local to be written.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(waited, child);
    let hung = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGALRM;
    println!("refused: {}, hung: {hung}", status != 0);
    // The parent's runtime is unharmed.
    println!("{}", go!({ 2 }).join().unwrap());
}

#[cfg(not(unix))]
fn fork_child() {}

#[cfg(unix)]
#[test]
fn go_23_a_runtime_in_a_forked_child_is_refused() {
    let outcome = scenario("fork_child").run();
    outcome.prints("refused: true, hung: false\n2\n");
    assert!(outcome.stderr.contains("fork"), "{outcome:#?}");
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
