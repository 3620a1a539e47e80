//! Rows DL-06 and DL-07: a handler of SIGQUIT that the program has of its own, and forked children.

use super::signals_shared::{
    another, counted, counting, gets, install_over, outcomes, prints, raise, raise_in_vain, set_action,
    set_handler,
};
use gochan::signal::{self, Signal, notify};
use gochan::time::sleep;

pub(super) fn forked_child() {
    let ours = notify(&[Signal::TERMINATE]);
    // SAFETY: the child only calls what a child of a program with threads may.
    let child = unsafe {
        match libc::fork() {
            0 => loop {
                libc::pause();
            },
            child => child,
        }
    };
    let mut status = 0;
    // SAFETY: the arguments are the child and a local.
    unsafe {
        assert_eq!(libc::kill(child, libc::SIGTERM), 0);
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
    }
    println!("{} {}", libc::WIFSIGNALED(status), libc::WTERMSIG(status) == libc::SIGTERM);
    gets(&ours, Signal::TERMINATE);
}

#[test]
fn dl_07_a_forked_child_does_not_swallow_signals() {
    prints("forked_child", "true true\n");
}

pub(super) fn quit_before_main() {
    set_handler(Signal::QUIT, counting());
    goes_on_after_quit();
}

#[gochan::main]
fn goes_on_after_quit() {
    raise_in_vain(Signal::QUIT);
    println!("{}", counted());
}

#[gochan::main]
pub(super) fn quit_by_libc() {
    set_handler(Signal::QUIT, counting());
    raise_in_vain(Signal::QUIT);
    println!("{}", counted());
    // Also one that calls the handler before it.
    set_handler(Signal::QUIT, libc::SIG_DFL);
    drop(notify(&[Signal::QUIT]));
    install_over(Signal::QUIT);
    raise_in_vain(Signal::QUIT);
    println!("{}", counted());
}

#[gochan::main]
pub(super) fn quit_by_a_crate() {
    let theirs = another(Signal::QUIT);
    raise_in_vain(Signal::QUIT);
    println!("{}", theirs());
}

#[gochan::main]
pub(super) fn quit_by_a_crate_and_notify() {
    let theirs = another(Signal::QUIT);
    let ours = notify(&[Signal::QUIT]);
    gets(&ours, Signal::QUIT);
    println!("{}", theirs());
    signal::stop(&ours);
    raise_in_vain(Signal::QUIT);
    println!("{}", theirs());
    signal::ignore(&[Signal::QUIT]);
    signal::reset(&[]);
    raise_in_vain(Signal::QUIT);
    println!("{}", theirs());
}

#[gochan::main]
pub(super) fn quit_restored() {
    let found = install_over(Signal::QUIT);
    raise_in_vain(Signal::QUIT);
    println!("{}", counted());
    // It goes: from now on the program has none.
    set_action(Signal::QUIT, &found);
    raise(Signal::QUIT);
    sleep(crate::common::patience());
}

#[test]
fn dl_06_a_sigquit_handler_of_the_program_wins_over_the_dump() {
    prints("quit_before_main", "1\n");
    prints("quit_by_libc", "1\n1\n");
    prints("quit_by_a_crate", "true\n");
    prints("quit_by_a_crate_and_notify", "true\ntrue\ntrue\n");
    for outcome in outcomes("quit_restored") {
        assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
        assert!(outcome.stderr.starts_with("SIGQUIT: quit\n\n"), "{outcome:#?}");
        assert_eq!(outcome.stdout, "1\n");
    }
}
