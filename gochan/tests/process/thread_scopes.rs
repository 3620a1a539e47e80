//! Row GO-25 where a goroutine does wait: in the middle of what belongs to its thread. And where it must not be switched out
//! although its turn is long.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use crate::common::process::{scenarios, test_name};
use crate::common::{on_threads, watchdog};
use gochan::context::background;
use gochan::prelude::*;

scenarios!(
    initialiser_waits,
    initialiser_gives_way,
    lazy_initialiser_waits,
    initialiser_waits_in_a_call,
    scoped_waits,
    critical_section_waits,
    critical_section_sends,
    second_stack_waits,
    second_stack_slice_waits,
    waits_in_with,
    long_turns
);

/// A goroutine of this worker that would run in the meantime.
fn with_another(body: fn()) {
    go!({ gochan::runtime::gosched() });
    go!({ body() }).join().unwrap();
}

fn receive_late() -> u32 {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 7) });
    recv!(ch)
}

thread_local! {
    static RECEIVED: Cell<u32> = Cell::new(receive_late());
    static GIVES_WAY: Cell<u32> = {
        gochan::runtime::gosched();
        Cell::new(1)
    };
    static IN_A_CALL: RefCell<Vec<u32>> = RefCell::new((0..2).map(|_| receive_late()).collect());
    static MADE: Cell<u32> = const { Cell::new(0) };
    static EAGER: Cell<u32> = const { Cell::new(3) };
}

fn initialiser_waits() {
    with_another(|| RECEIVED.with(|_| ()));
}

fn initialiser_gives_way() {
    with_another(|| GIVES_WAY.with(|_| ()));
}

fn initialiser_waits_in_a_call() {
    with_another(|| IN_A_CALL.with_borrow(|_| ()));
}

/// Inside of a function that is a thread-local's owner.
fn lazy_initialiser_waits() {
    fn here() -> u32 {
        thread_local!(static OF_THE_FUNCTION: u32 = receive_late());
        OF_THE_FUNCTION.with(|value| *value)
    }
    with_another(|| _ = here());
}

mod in_tests {
    use super::*;

    #[gochan::test(virtual_time)]
    #[ignore = "it must fail; cargo test -p gochan --test process -- go_25_a_wait_in_an_initialiser_ends_a_test runs it"]
    fn virtual_time() {
        RECEIVED.with(|_| ());
    }

    #[gochan::test(explore = 10)]
    #[ignore = "it must fail; cargo test -p gochan --test process -- go_25_a_wait_in_an_initialiser_ends_a_test runs it"]
    fn exploration() {
        RECEIVED.with(|_| ());
    }

    #[gochan::test]
    #[ignore = "it must fail; cargo test -p gochan --test process -- go_25_a_wait_in_an_initialiser_ends_a_test runs it"]
    fn plain() {
        RECEIVED.with(|_| ());
    }
}

#[test]
fn go_25_a_wait_in_an_initialiser_ends_a_test() {
    let _watchdog = watchdog();
    if !cfg!(target_os = "linux") {
        return;
    }
    for test in ["virtual_time", "exploration", "plain"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--include-ignored", "--nocapture"])
            .arg(test_name(module_path!(), &format!("in_tests::{test}")))
            .env("GOCHAN_BACKEND", "coroutines")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("thread_scopes::RECEIVED`"), "{test}: {said}");
    }
}

scoped_tls::scoped_thread_local!(static SCOPED: u32);

fn scoped_waits() {
    with_another(|| SCOPED.set(&1, || _ = receive_late()));
}

fn critical_section_waits() {
    with_another(|| critical_section::with(|_| _ = receive_late()));
}

/// Sends that need not wait give others a turn after some hundred.
fn critical_section_sends() {
    with_another(|| {
        let room = chan!(u32, 1000);
        critical_section::with(|_| (0..1000).for_each(|n| send!(room <- n)));
    });
}

fn second_stack_waits() {
    with_another(|| second_stack::buffer(0..4_u32, |_| _ = receive_late()));
}

fn second_stack_slice_waits() {
    with_another(|| second_stack::uninit_slice::<u32, _, _>(4, |_| _ = receive_late()));
}

/// A reference to a thread-local that is made is fine across a wait.
fn waits_in_with() {
    with_another(|| {
        EAGER.with(|value| {
            receive_late();
            println!("{}", value.get());
        });
    });
}

/// Spends more than a long turn in each operation that may end one, inside of an initialiser.
fn long_turns() {
    thread_local!(static SLOW: Cell<u32> = {
        MADE.set(MADE.get() + 1);
        let (ctx, _cancel) = background().with_cancel();
        let (empty, start) = (chan!(()), Instant::now());
        while start.elapsed() < Duration::from_millis(120) {
            select! { <-empty => unreachable!(), default => {} }
            assert!(ctx.err().is_none() && ctx.check().is_ok());
            if MADE.get() < 50 {
                MADE.set(MADE.get());
            }
        }
        go!({});
        Cell::new(MADE.get())
    });
    let goroutines = [0, 1].map(|_| go!({ SLOW.with(Cell::get) }));
    let made = goroutines.map(|goroutine| goroutine.join().unwrap());
    println!("{made:?}");
}

#[test]
fn go_25_a_wait_in_the_middle_of_what_belongs_to_the_thread_ends_the_process_and_names_it() {
    let _watchdog = watchdog();
    if on_threads() || !cfg!(target_os = "linux") {
        return;
    }
    for (name, words) in [
        ("initialiser_waits", &["thread_scopes::RECEIVED`", "chan receive", file!()][..]),
        ("initialiser_gives_way", &["thread_scopes::GIVES_WAY`", "lets other goroutines run at ", file!()]),
        ("critical_section_sends", &["critical_section", "lets other goroutines run at ", file!()]),
        ("initialiser_waits_in_a_call", &["thread_scopes::IN_A_CALL`", "chan receive"]),
        ("lazy_initialiser_waits", &["OF_THE_FUNCTION`", "chan receive"]),
        ("scoped_waits", &["scoped_tls", "chan receive"]),
        ("critical_section_waits", &["critical_section", "chan receive"]),
        ("second_stack_waits", &["second_stack", "chan receive"]),
        ("second_stack_slice_waits", &["second_stack", "chan receive"]),
    ] {
        let outcome = scenario(name).backend("coroutines").workers(1).run();
        outcome.fails_saying(words);
        outcome.fails_saying(&["Backend::Threads"]);
    }
}

#[test]
fn go_25_a_thread_local_that_is_made_may_be_referred_to_across_a_wait() {
    let _watchdog = watchdog();
    scenario("waits_in_with").workers(1).run().prints("3\n");
}

#[test]
fn go_25_a_long_turn_is_not_ended_inside_of_an_initialiser() {
    let _watchdog = watchdog();
    let outcome = scenario("long_turns").backend("coroutines").workers(1).run();
    outcome.prints("[1, 1]\n");
}
