//! Rows GO that take a process of their own: how a program starts and ends, what it prints then, its
//! environment, and what holds on one worker.

mod common;

use std::hint::{black_box, spin_loop};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::process::{scenario, scenarios};
use common::{message, on_threads, panic_of, until};
use gochan::prelude::*;
use gochan::runtime::{self, Backend, PanicPolicy, gosched, num_goroutine};
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
    many_parked,
    overflow,
    overflow_of_main,
    deep_but_fitting,
    deep_main,
    deep_by_builder,
    result_larger_than_the_stack,
    values_of_a_quarter_of_the_stack,
    panic_waits_for_its_own_worker,
    count_goroutines,
    builder_settings,
    builder_too_late,
    builder_backend,
    blocking_leaves_the_worker_free,
    self_join,
    fork_child,
    programs,
);

/// Lets everything else come to its end.
fn until_alone() {
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
    let place = format!("goroutine_process.rs:{}", line.trim_start_matches("line "));
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
    thread::sleep(common::patience() / 2);
    println!("still here");
}

#[test]
fn go_05_policy_abort_ends_the_process() {
    let outcome = scenario("panic_policy_abort").run();
    outcome.fails_saying(&["take all down", "goroutine", "goroutine_process.rs"]);
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
    if !on_threads() && common::workers() > 1 {
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
        go!([ran] { ran.fetch_add(1, SeqCst); });
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
        while !common::is_waiting(goroutine) {
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
                go!([started] { started.fetch_add(1, SeqCst); });
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

/// Resident bytes of this process.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the process has a status");
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line for resident memory");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}

#[cfg(not(target_os = "linux"))]
fn resident() -> usize {
    0
}

/// Parks as many goroutines as `GOCHAN_TEST_GOROUTINES` says, lets them go, and looks at the memory.
#[gochan::main]
fn many_parked() {
    let count: usize = std::env::var("GOCHAN_TEST_GOROUTINES").unwrap().parse().unwrap();
    go!({}).join().unwrap();
    let before = resident();
    let (arrived, gate) = (WaitGroup::new(), chan!(()));
    arrived.add(count.cast_signed());
    for _ in 0..count {
        go!([arrived, gate] {
            arrived.done();
            recv!(gate);
        });
    }
    arrived.wait();
    assert_eq!(num_goroutine(), count + 1);
    let parked = resident();
    close!(gate);
    until_alone();

    // AddressSanitizer has memory of its own for each stack, which does not return.
    if !cfg!(gochan_asan) {
        let each = parked.saturating_sub(before) / count;
        assert!(on_threads() || each <= 16 << 10, "{each} bytes for each parked goroutine");
        let near = before + (parked - before) / 5 + (32 << 20);
        // Freed stacks may be given back a little later, by whoever finds the time.
        until(|| resident() <= near);
    }
    println!("parked and released {count}");
}

#[test]
fn go_14_parked_goroutines_are_released_and_their_memory_returns() {
    let count = if on_threads() { "500" } else { "50000" };
    let outcome = scenario("many_parked").env("GOCHAN_TEST_GOROUTINES", count).run();
    outcome.prints(&format!("parked and released {count}\n"));
}

#[test]
#[ignore = "takes 5 GB; cargo test --release -p gochan --test goroutine_process -- --ignored million"]
fn go_14_a_million_goroutines_are_parked_and_released() {
    let outcome =
        scenario("many_parked").backend("coroutines").env("GOCHAN_TEST_GOROUTINES", "1000000").run();
    outcome.prints("parked and released 1000000\n");
}

/// Takes at least `bytes` of stack.
fn deep(bytes: usize) -> u64 {
    let frame = [1_u8; 1024];
    let below = if bytes > 1024 { deep(bytes - 1024) } else { 0 };
    below + u64::from(black_box(&frame)[7])
}

#[gochan::main]
fn overflow() {
    println!("line {}", line!() + 1);
    let goroutine = go!({ deep(usize::MAX) });
    println!("{}", goroutine.join().unwrap());
}

#[gochan::main]
fn overflow_of_main() {
    println!("{}", deep(usize::MAX));
}

#[gochan::main]
fn deep_but_fitting() {
    println!("{}", go!({ deep(1 << 20) }).join().unwrap());
}

#[gochan::main]
fn deep_main() {
    println!("{}", deep(3 << 20));
}

#[gochan::main]
fn deep_by_builder() {
    println!("{}", Builder::new().stack_size(8 << 20).spawn(|| deep(1 << 20)).join().unwrap());
}

#[test]
fn go_15_an_overflow_names_the_goroutine_its_spawn_place_and_the_remedy() {
    let outcome = scenario("overflow").run();
    outcome.fails_saying(&["overflow"]);
    let line = outcome.stdout.lines().next().unwrap_or_default().trim_start_matches("line ").to_owned();
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:#?}");
    if !on_threads() {
        let place = format!("goroutine_process.rs:{line}");
        outcome.fails_saying(&["goroutine", &place, "stack_size", "GOCHAN_STACK=1M"]);
    }
}

#[test]
fn go_15_an_overflow_of_main_is_reported() {
    let outcome = scenario("overflow_of_main").run();
    outcome.fails_saying(&["overflow"]);
    assert_eq!(outcome.stdout, "");
    if !on_threads() {
        outcome.fails_saying(&["#[gochan::main(stack_size"]);
    }
}

#[test]
fn go_15_a_raised_limit_is_enough() {
    // Frames of an unoptimised build take more than they ask for.
    let outcome = scenario("deep_but_fitting").env("GOCHAN_STACK", &(8 << 20).to_string()).run();
    outcome.prints("1024\n");
    scenario("deep_by_builder").run().prints("1024\n");
}

#[test]
fn go_15_main_has_the_stack_of_a_main_thread() {
    scenario("deep_main").run().prints("3072\n");
}

#[gochan::main]
fn result_larger_than_the_stack() {
    let result = go!({ [7_u8; 300 << 10] }).join().unwrap();
    println!("{}", result.iter().all(|byte| *byte == 7));
}

#[test]
fn go_17_a_result_larger_than_the_stack_arrives() {
    scenario("result_larger_than_the_stack").without("GOCHAN_STACK").run().prints("true\n");
}

#[gochan::main]
fn values_of_a_quarter_of_the_stack() {
    for capacity in [0, 1] {
        let (there, back) = (chan!([u8; 64 << 10], capacity), chan!([u8; 64 << 10], capacity));
        go!([there, back] {
            while let Some(value) = there.recv() {
                _ = back.send(value);
            }
        });
        for byte in 0..5 {
            there.send([byte; 64 << 10]).unwrap();
            println!("{}", back.recv().unwrap()[12_345]);
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "unoptimised code copies a value at every call on its way")]
fn ch_14_values_of_64_kib_fit_the_usual_stack() {
    let outcome = scenario("values_of_a_quarter_of_the_stack").without("GOCHAN_STACK").run();
    outcome.prints(&"0\n1\n2\n3\n4\n".repeat(2));
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
    while !common::is_waiting(goroutine) {
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
    let waiting: Vec<_> = (0..10).map(|_| go!([gate] { recv!(gate); })).collect();
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

#[test]
fn go_20_a_senseless_number_of_workers_is_a_clear_error() {
    for senseless in ["0", "-1", "many", "1.5", "99999999999999999999"] {
        let outcome = scenario("count_goroutines").env("GOCHAN_MAXPROCS", senseless).run();
        outcome.fails_saying(&["GOCHAN_MAXPROCS", senseless]);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn go_20_other_senseless_settings_are_clear_errors() {
    for (name, senseless) in [("GOCHAN_BACKEND", "fibers"), ("GOCHAN_STACK", "big")] {
        let outcome = scenario("count_goroutines").env(name, senseless).run();
        outcome.fails_saying(&[name, senseless]);
        assert_eq!(outcome.stdout, "");
    }
}

fn builder_settings() {
    let error = runtime::Builder::new().workers(0).install().expect_err("no workers can run nothing");
    println!("{}", error.to_string().contains("worker"));
    runtime::Builder::new().workers(3).stack_size(1 << 20).install().expect("nothing runs yet");
    println!("{}", go!({ go!({ 40 }).join().unwrap() + 2 }).join().unwrap());
}

#[test]
fn go_20_the_builder_sets_workers_and_refuses_none() {
    // The environment would override the builder.
    scenario("builder_settings").without("GOCHAN_MAXPROCS").run().prints("true\n42\n");
}

fn builder_too_late() {
    go!({}).join().unwrap();
    println!("{}", runtime::Builder::new().workers(1).install().is_err());
}

#[test]
fn go_20_the_builder_refuses_to_change_a_running_runtime() {
    scenario("builder_too_late").run().prints("true\n");
}

fn builder_backend() {
    runtime::Builder::new().backend(Backend::Threads).install().expect("nothing runs yet");
    let home = || thread::current().id();
    // Two that run at the same time: on one thread each, whatever the number of workers.
    let (a, b) = (chan!(()), chan!(()));
    let one = go!([a, b] { send!(a <- ()); recv!(b); home() });
    let two = go!([a, b] { recv!(a); send!(b <- ()); home() });
    println!("{}", one.join().unwrap() != two.join().unwrap());
}

#[test]
fn go_20_the_builder_chooses_the_backend() {
    scenario("builder_backend").without("GOCHAN_BACKEND").workers(1).run().prints("true\n");
}

#[test]
fn go_20_one_worker_runs_every_program() {
    let one = scenario("programs").workers(1).run();
    assert_eq!(one.code(), Some(0), "{one:#?}");
    for workers in [2, 5] {
        scenario("programs").workers(workers).run().prints(&one.stdout);
    }
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

/// Small programs whose output does not depend on who runs when.
#[gochan::main]
fn programs() {
    println!("squares {:?}", squares(20));
    println!("primes {:?}", primes(40));
    println!("daisy {}", daisy_chain(500));
    println!("pool {}", pool(8, 1000));
    println!("closed {:?}", closed());
    println!("panic {}", panic_of(|| send!({ let ch = chan!(u8); ch.close(); ch } <- 1)));
    println!("joined {:?}", (0..10).map(|n| go!({ n * n }).join().unwrap()).collect::<Vec<_>>());
    println!("turns {:?}", turns(6));
}

fn squares(count: u64) -> Vec<u64> {
    let (numbers, squares) = (chan!(u64), chan!(u64, 3));
    go!([numbers] {
        for number in 0..count {
            send!(numbers <- number);
        }
        close!(numbers);
    });
    go!([squares] {
        for number in &numbers {
            send!(squares <- number * number);
        }
        close!(squares);
    });
    squares.iter().collect()
}

fn primes(count: usize) -> Vec<u32> {
    let (tx, mut numbers) = chan!(u32).split();
    go!({
        for number in 2.. {
            send!(tx <- number);
        }
    });
    let mut primes = Vec::new();
    while primes.len() < count {
        let prime = recv!(numbers);
        primes.push(prime);
        let (tx, filtered) = chan!(u32).split();
        go!({
            for number in &numbers {
                if number % prime != 0 {
                    send!(tx <- number);
                }
            }
        });
        numbers = filtered;
    }
    primes
}

fn daisy_chain(links: u32) -> u32 {
    let leftmost = chan!(u32);
    let mut left = leftmost.clone();
    for _ in 0..links {
        let right = chan!(u32);
        go!([right] { send!(left <- 1 + recv!(right)); });
        left = right;
    }
    go!({
        send!(left <- 0);
    });
    recv!(leftmost)
}

fn pool(workers: usize, jobs: u64) -> u64 {
    let (work, results) = (chan!(u64, 10), chan!(u64));
    let wg = WaitGroup::new();
    for _ in 0..workers {
        wg.add(1);
        go!([work, results, wg] {
            defer!(wg.done());
            for job in &work {
                send!(results <- job * 3);
            }
        });
    }
    go!({
        for job in 0..jobs {
            send!(work <- job);
        }
        close!(work);
    });
    go!([results] {
        wg.wait();
        close!(results);
    });
    results.iter().sum()
}

fn closed() -> (Vec<u32>, (u32, bool)) {
    let ch = chan!(u32, 3);
    send!(ch <- 1);
    send!(ch <- 2);
    close!(ch);
    (ch.iter().collect(), recv!(ch, ok))
}

fn turns(count: u32) -> Vec<String> {
    let (left, right, log) = (chan!(u32), chan!(u32), chan!(String, 100));
    let play = |name: &'static str, from: &Chan<u32>, to: &Chan<u32>| {
        go!([from, to, log] {
            for turn in &from {
                send!(log <- format!("{name}{turn}"));
                if turn == count {
                    close!(log);
                    break;
                }
                send!(to <- turn + 1);
            }
        });
    };
    play("l", &left, &right);
    play("r", &right, &left);
    send!(left <- 0);
    log.iter().collect()
}

#[test]
fn go_24_both_backends_give_the_same_results() {
    let coroutines = scenario("programs").backend("coroutines").run();
    let threads = scenario("programs").backend("threads").run();
    assert_eq!(coroutines.code(), Some(0), "{coroutines:#?}");
    threads.prints(&coroutines.stdout);
    assert!(coroutines.stdout.contains("primes [2, 3, 5, 7, 11, "), "{coroutines:#?}");
    assert!(coroutines.stdout.contains("closed ([1, 2], (0, false))"), "{coroutines:#?}");
    assert!(coroutines.took < Duration::from_secs(120));
}
