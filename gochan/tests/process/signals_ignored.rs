//! Row DL-07, and of DL-06 what SIGQUIT does: signals that the program ignores or resets.

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::Ordering::*;

use super::signals::{HANDLED, count, kill, raise};
use crate::common::panic_of;
use crate::common::process::scenarios;
use gochan::prelude::*;
use gochan::signal::{self, Signal, notify, notify_context};
use gochan::time::sleep;

scenarios!(
    ignores,
    ignores_what_somebody_waits_for,
    children_ignore,
    asks_again_after_ignore,
    resets,
    resets_a_part,
    resets_all,
    resets_to_a_handler,
    quit_after_reset,
    quit_is_ignored,
    deadlocked_after_reset,
    ignores_senselessly
);

#[gochan::main]
fn ignores() {
    signal::ignore(&[Signal::TERMINATE, Signal::USER1]);
    raise(Signal::TERMINATE);
    raise(Signal::USER1);
    let ignored = [Signal::TERMINATE, Signal::USER1, Signal::USER2].map(signal::is_ignored);
    println!("{ignored:?}");
    signal::ignore(&[Signal::TERMINATE]);
    signal::reset(&[Signal::TERMINATE]);
    println!("{}", signal::is_ignored(Signal::TERMINATE));
    raise(Signal::TERMINATE);
}

#[gochan::main]
fn ignores_what_somebody_waits_for() {
    let signals = notify(&[Signal::TERMINATE, Signal::USER1]);
    let (ctx, _cancel) = notify_context(&background(), &[Signal::TERMINATE]);
    signal::ignore(&[Signal::TERMINATE]);
    raise(Signal::TERMINATE);
    raise(Signal::USER1);
    println!("{} {:?}", signals.recv().unwrap(), ctx.err());
    signal::ignore(&[Signal::USER1]);
    println!("{:?}", signals.recv());
}

#[test]
fn dl_07_ignored_signals_do_nothing() {
    let outcome = scenario("ignores").run();
    assert_eq!(outcome.status.signal(), Some(libc::SIGTERM), "{outcome:#?}");
    assert_eq!(outcome.stdout, "[true, true, false]\nfalse\n");
    scenario("ignores_what_somebody_waits_for").run().prints("user defined signal 1 None\nNone\n");
}

#[gochan::main]
fn children_ignore() {
    signal::ignore(&[Signal::TERMINATE]);
    // gochan-lint: allow(blocking_io_in_goroutine) nothing else runs
    let shell = std::process::Command::new("sh").args(["-c", "kill -TERM $$; echo still there"]).output();
    print!("{}", String::from_utf8(shell.unwrap().stdout).unwrap());
}

#[test]
fn dl_07_what_is_ignored_is_ignored_by_the_programs_it_starts() {
    scenario("children_ignore").run().prints("still there\n");
}

#[gochan::main]
fn asks_again_after_ignore() {
    for _ in 0..2 {
        signal::ignore(&[Signal::TERMINATE]);
        raise(Signal::TERMINATE);
        let signals = notify(&[Signal::TERMINATE]);
        println!("{}", signal::is_ignored(Signal::TERMINATE));
        raise(Signal::TERMINATE);
        println!("{}", signals.recv().unwrap());
        signal::stop(&signals);
        println!("{}", signal::is_ignored(Signal::TERMINATE));
    }
    raise(Signal::TERMINATE);
}

#[test]
fn dl_07_who_asks_for_an_ignored_signal_gets_it() {
    let outcome = scenario("asks_again_after_ignore").run();
    assert_eq!(outcome.status.signal(), Some(libc::SIGTERM), "{outcome:#?}");
    assert_eq!(outcome.stdout, "false\nterminated\nfalse\n".repeat(2));
}

#[gochan::main]
fn resets() {
    let signals = notify(&[Signal::TERMINATE]);
    let (ctx, _cancel) = notify_context(&background(), &[Signal::TERMINATE]);
    signal::reset(&[Signal::TERMINATE]);
    println!("{:?} {:?}", signals.recv(), ctx.err());
    raise(Signal::TERMINATE);
}

#[gochan::main]
fn resets_a_part() {
    let signals = notify(&[Signal::TERMINATE, Signal::USER1]);
    signal::reset(&[Signal::TERMINATE]);
    raise(Signal::USER1);
    println!("{}", signals.recv().unwrap());
    raise(Signal::TERMINATE);
}

#[gochan::main]
fn resets_all() {
    let _signals = notify(&[Signal::USER1, Signal::USER2]);
    signal::ignore(&[Signal::TERMINATE, Signal::USER1]);
    signal::reset(&[]);
    println!("{:?}", [Signal::TERMINATE, Signal::USER1].map(signal::is_ignored));
    raise(Signal::TERMINATE);
}

#[gochan::main]
fn resets_to_a_handler() {
    // SAFETY: the handler only counts.
    unsafe { libc::signal(libc::SIGUSR1, count as *const () as usize) };
    signal::ignore(&[Signal::USER1]);
    raise(Signal::USER1);
    println!("{}", HANDLED.load(SeqCst));
    signal::reset(&[Signal::USER1]);
    raise(Signal::USER1);
    println!("{}", HANDLED.load(SeqCst));
}

#[test]
fn dl_07_reset_restores_what_signals_did_before() {
    for (name, prints) in [
        ("resets", "None None\n"),
        ("resets_a_part", "user defined signal 1\n"),
        ("resets_all", "[false, false]\n"),
    ] {
        let outcome = scenario(name).run();
        assert_eq!(outcome.status.signal(), Some(libc::SIGTERM), "{outcome:#?}");
        assert_eq!(outcome.stdout, prints);
    }
    scenario("resets_to_a_handler").run().prints("0\n1\n");
    for workers in [1, 2] {
        let outcome = scenario("deadlocked_after_reset").workers(workers).run();
        assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
        outcome.fails_saying(&["all goroutines are asleep - deadlock!"]);
    }
}

#[gochan::main]
fn deadlocked_after_reset() {
    let _signals = notify(&[Signal::USER1]);
    let (_ctx, _cancel) = notify_context(&background(), &[Signal::USER2]);
    signal::reset(&[Signal::USER1]);
    signal::ignore(&[Signal::USER2]);
    select! {}
}

#[gochan::main]
fn quit_after_reset() {
    signal::ignore(&[Signal::QUIT]);
    raise(Signal::QUIT);
    signal::reset(&[]);
    kill(Signal::QUIT);
    // Not for ever: the deadlock might be called first.
    sleep(crate::common::patience());
}

#[gochan::main]
fn quit_is_ignored() {
    signal::ignore(&[Signal::QUIT]);
    raise(Signal::QUIT);
    println!("goes on");
}

#[test]
fn dl_06_sigquit_can_be_ignored_and_prints_the_goroutines_after_a_reset() {
    let outcome = scenario("quit_after_reset").run();
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    assert!(outcome.stderr.starts_with("SIGQUIT: quit\n\n"), "{outcome:#?}");
    let outcome = scenario("quit_is_ignored").run();
    outcome.prints("goes on\n");
    assert_eq!(outcome.stderr, "");
}

#[gochan::main]
fn ignores_senselessly() {
    println!("{}", panic_of(|| signal::ignore(&[])));
    for number in [libc::SIGKILL, libc::SIGSEGV, 0, 65] {
        println!("{}", panic_of(|| signal::ignore(&[Signal::from_number(number)])));
        println!("{}", panic_of(|| signal::reset(&[Signal::from_number(number)])));
        println!("{}", signal::is_ignored(Signal::from_number(number)));
    }
}

#[test]
fn dl_07_what_cannot_be_ignored_is_told() {
    let outcome = scenario("ignores_senselessly").run();
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 13, "{outcome:#?}");
    for three in lines[1..].chunks(3) {
        assert!(three[0].contains(" cannot be ignored: "), "{outcome:#?}");
        assert!(three[1].contains(" cannot be reset: "), "{outcome:#?}");
        assert_eq!(three[2], "false");
    }
}
