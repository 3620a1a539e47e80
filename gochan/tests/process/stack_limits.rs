//! Stacks where the system gives no more of them, and where it guards few.

use std::panic::catch_unwind;

use super::goroutine::until_alone;
use crate::common::on_threads;
use crate::common::process::scenarios;
use gochan::Builder;
use gochan::prelude::*;

scenarios!(no_more_stacks, a_stack_that_cannot_be_had, many_run_in_turn);

/// A number from `/proc/self/status`, in bytes.
fn status(key: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = text.lines().find_map(|line| line.strip_prefix(key)).expect("and this, too");
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().expect("it is a number")
}

fn limit_address_space(more: usize) {
    let bytes = (status("VmSize:") + more) as libc::rlim_t;
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a limit of this process.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
}

#[gochan::main]
fn no_more_stacks() {
    go!({}).join().unwrap();
    // Regions of 64, 64, 128 and 256 MiB fit, another one does not, and a little is left for the allocator.
    limit_address_space(560 << 20);
    let gate = chan!(());
    let wait = |gate: Chan<()>| move || gate.recv();
    let mut waiting = Vec::new();
    let refusal = loop {
        assert!(waiting.len() < 100_000, "the limit has no effect");
        match Builder::new().try_spawn(wait(gate.clone())) {
            Ok(handle) => waiting.push(handle),
            Err(refusal) => break refusal,
        }
        gochan::runtime::gosched();
    };
    println!("{refusal}");
    let refused = gate.clone();
    let panic = catch_unwind(|| go!({ refused.recv() })).expect_err("no stack has become free");
    println!("{}", panic.downcast_ref::<String>().expect("it has a message"));
    close!(gate);
    // Those that have not started by now have waited for a stack.
    for handle in waiting {
        assert_eq!(handle.join().unwrap(), None);
    }
    until_alone();
    println!("{}", go!({ 6 * 7 }).join().unwrap());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "limits the address space")]
#[cfg_attr(gochan_asan, ignore = "AddressSanitizer needs all of the address space")]
fn without_memory_for_stacks_spawns_fail_and_the_process_goes_on() {
    if on_threads() {
        return;
    }
    let outcome = scenario("no_more_stacks").workers(1).without("GOCHAN_STACK").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    let lines: Vec<_> = outcome.stdout.lines().collect();
    let [refusal, panic, end] = lines[..] else { panic!("{outcome:#?}") };
    for text in [refusal, panic] {
        assert!(text.contains("no memory for another stack") && text.contains("ulimit -v"), "{text}");
    }
    assert!(panic.starts_with("cannot spawn a goroutine: "), "{panic}");
    assert_eq!(end, "42");
}

#[gochan::main]
fn a_stack_that_cannot_be_had() {
    go!({}).join().unwrap();
    limit_address_space(512 << 20);
    let refusal = Builder::new().stack_size(1 << 30).try_spawn(|| ()).expect_err("the limit is lower");
    println!("{refusal}");
    println!("{}", go!({ 6 * 7 }).join().unwrap());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "limits the address space")]
#[cfg_attr(gochan_asan, ignore = "AddressSanitizer needs all of the address space")]
fn a_stack_size_that_cannot_be_had_is_an_error_of_its_spawn() {
    if on_threads() {
        return;
    }
    let outcome = scenario("a_stack_that_cannot_be_had").workers(1).without("GOCHAN_STACK").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    assert!(outcome.stdout.contains("no memory for another stack"), "{outcome:#?}");
    assert!(outcome.stdout.ends_with("42\n"), "{outcome:#?}");
}

/// Each goroutine has several turns, and between two of them all others have one: where guards are lent, each turn takes a
/// guard from another stack.
#[gochan::main]
fn many_run_in_turn() {
    const GOROUTINES: usize = 20_000;
    let (ahead, back) = (chan!(usize, GOROUTINES), chan!(usize, GOROUTINES));
    let arrived = WaitGroup::new();
    arrived.add(GOROUTINES.cast_signed());
    for _ in 0..GOROUTINES {
        go!([ahead, back, arrived] {
            arrived.done();
            for round in &ahead {
                send!(back <- round);
            }
        });
    }
    arrived.wait();
    for round in 0..3 {
        for _ in 0..GOROUTINES {
            send!(ahead <- round);
        }
        for _ in 0..GOROUTINES {
            assert_eq!(recv!(back), round);
        }
    }
    let mappings = std::fs::read_to_string("/proc/self/maps").map_or(0, |text| text.lines().count());
    assert!(mappings < 50_000, "{mappings} mappings");
    close!(ahead);
    until_alone();
    println!("done");
}

#[test]
fn as_many_goroutines_as_a_kernel_guards_half_of_run_in_turn() {
    if on_threads() {
        return;
    }
    scenario("many_run_in_turn").run().prints("done\n");
}
