//! Rows GO-14, GO-15, GO-17 and CH-14: the stacks of goroutines, what overflows one, and what they cost.

use std::hint::black_box;

use super::goroutine::until_alone;
use crate::common::process::scenarios;
use crate::common::{on_threads, until};
use gochan::Builder;
use gochan::prelude::*;
use gochan::runtime::num_goroutine;

scenarios!(
    many_parked,
    overflow,
    overflow_of_main,
    deep_but_fitting,
    deep_main,
    deep_by_builder,
    result_larger_than_the_stack,
    values_of_a_quarter_of_the_stack
);

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

/// The size of the kernel's pages.
fn page() -> usize {
    // SAFETY: a plain question.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("the system has pages")
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
        assert!(on_threads() || each <= 4 * page(), "{each} bytes for each parked goroutine");
        let near = before + (parked - before) / 5 + (32 << 20);
        // Freed stacks may be given back a little later, by whoever finds the time.
        until(|| resident() <= near);
    }
    println!("parked and released {count}");
}

#[test]
fn go_14_parked_goroutines_are_released_and_their_memory_returns() {
    let count = (if on_threads() { 500 } else { 50_000 * 4096 / page() }).to_string();
    let outcome = scenario("many_parked").env("GOCHAN_TEST_GOROUTINES", &count).run();
    outcome.prints(&format!("parked and released {count}\n"));
}

#[test]
#[ignore = "takes 5 GB; cargo test --release -p gochan --test process -- --ignored million"]
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
        let place = format!("goroutine_stack.rs:{line}");
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
