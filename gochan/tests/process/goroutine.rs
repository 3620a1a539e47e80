//! Rows GO that take a process of their own: what holds on one worker, and what a goroutine may not wait for. How a program
//! ends is in `program_end`.

use std::hint::spin_loop;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, mpsc};
use std::thread;

use crate::common::process::scenarios;
use crate::common::{message, on_threads, until};
use gochan::prelude::*;
use gochan::runtime::{self, gosched, num_goroutine};
use gochan::{JoinHandle, blocking};

scenarios!(
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
);

/// Lets everything else come to its end.
pub(super) fn until_alone() {
    while num_goroutine() > 1 {
        gosched();
    }
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
