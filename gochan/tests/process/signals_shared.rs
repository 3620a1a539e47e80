//! Row DL-07 where other code listens for the same signals, and of DL-06 that a SIGQUIT handler of the program wins over
//! the dump. Signals are the process's, so each test has a process of its own.

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering::*};

use crate::common::process::{Outcome, scenarios};
use gochan::Receiver;
use gochan::prelude::*;
use gochan::signal::{self, Signal, notify, notify_context};
use gochan::time::sleep;

use super::signals_handlers::{
    forked_child, quit_before_main, quit_by_a_crate, quit_by_a_crate_and_notify, quit_by_libc, quit_restored,
};

scenarios!(
    forked_child,
    quit_before_main,
    quit_by_libc,
    quit_by_a_crate,
    quit_by_a_crate_and_notify,
    quit_restored,
    another_after_ours,
    another_before_ours,
    both_in_turns,
    each_gets_one_again_and_again,
    a_handler_with_information,
    handlers_keep_the_error_number,
    the_action_comes_back,
    a_handler_that_calls_no_other,
    many_handlers_that_call_no_other,
    the_default_over_ours,
    many_times_the_default_over_ours,
    ours_restored_by_another,
    ignored_for_a_while,
    ignored_over_another,
    goes_on_after_another,
    handlers_on_the_alternate_stack
);

/// How the scenario ends on either backend.
pub(super) fn outcomes(name: &str) -> [Outcome; 2] {
    ["coroutines", "threads"].map(|backend| scenario(name).backend(backend).run())
}

/// The scenario prints this, and nothing on standard error, on either backend.
#[track_caller]
pub(super) fn prints(name: &str, expected: &str) {
    for outcome in outcomes(name) {
        outcome.prints(expected);
        assert_eq!(outcome.stderr, "");
    }
}

/// The scenario prints this and is then ended by the signal, on either backend.
#[track_caller]
pub(super) fn is_ended_by(signal: Signal, name: &str, expected: &str) {
    for outcome in outcomes(name) {
        assert_eq!(outcome.status.signal(), Some(signal.number()), "{outcome:#?}");
        assert_eq!(outcome.stdout, expected, "{outcome:#?}");
    }
}

/// Sends this thread a signal: the handlers have run when this returns.
pub(super) fn raise(signal: Signal) {
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::raise(signal.number()) }, 0);
}

/// Sends a signal for which nobody waits, and lets the runtime pass it on.
pub(super) fn raise_in_vain(signal: Signal) {
    raise(signal);
    // Passes on what has arrived.
    signal::stop(&Receiver::nil());
}

/// What the system does with the signal.
pub(super) fn action(signal: Signal) -> libc::sigaction {
    // SAFETY: asks only, and writes to a local; all zero is an action.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        assert_eq!(libc::sigaction(signal.number(), std::ptr::null(), &mut action), 0);
        action
    }
}

/// Sets what the system does with the signal.
pub(super) fn set_action(signal: Signal, action: &libc::sigaction) {
    // SAFETY: the handlers of these tests may be called at any time.
    assert_eq!(unsafe { libc::sigaction(signal.number(), action, std::ptr::null_mut()) }, 0);
}

/// Installs a handler, or `SIG_DFL` or `SIG_IGN`.
pub(super) fn set_handler(signal: Signal, handler: usize) {
    // SAFETY: as above.
    assert_ne!(unsafe { libc::signal(signal.number(), handler) }, libc::SIG_ERR);
}

pub(super) static COUNT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    COUNT.fetch_add(1, SeqCst);
}

pub(super) fn counting() -> usize {
    count as *const () as usize
}

/// How often `count` was called since the last question.
pub(super) fn counted() -> usize {
    COUNT.swap(0, SeqCst)
}

/// Lets another crate listen for the signal, and tells whether it got one since the last question.
pub(super) fn another(signal: Signal) -> impl Fn() -> bool {
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal.number(), flag.clone()).unwrap();
    move || flag.swap(false, SeqCst)
}

/// The signal arrives here once.
#[track_caller]
pub(super) fn gets(receiver: &Receiver<Signal>, signal: Signal) {
    raise(signal);
    assert_eq!(receiver.recv(), Some(signal));
    signal::stop(&Receiver::nil());
    assert!(receiver.try_recv().is_err(), "it arrives twice");
}

/// After each way in which our listener goes, the other one gets the signal.
fn ends_of_ours(theirs: impl Fn() -> bool) {
    let ours = notify(&[Signal::USER1]);
    gets(&ours, Signal::USER1);
    assert!(theirs());
    signal::stop(&ours);
    raise_in_vain(Signal::USER1);
    println!("stopped: {}", theirs());

    drop(notify(&[Signal::USER1]));
    raise_in_vain(Signal::USER1);
    print!("dropped: {}", theirs());
    raise_in_vain(Signal::USER1);
    println!(", {}", theirs());

    let (ctx, _cancel) = notify_context(&background(), &[Signal::USER1]);
    raise(Signal::USER1);
    ctx.done().recv();
    print!("ended: {}", theirs());
    raise_in_vain(Signal::USER1);
    println!(", {}", theirs());

    let _reset = notify(&[Signal::USER1]);
    signal::reset(&[]);
    raise_in_vain(Signal::USER1);
    println!("reset: {}", theirs());
}

const ENDS: &str = "stopped: true\ndropped: true, true\nended: true, true\nreset: true\n";

#[gochan::main]
fn another_after_ours() {
    let ours = notify(&[Signal::USER1]);
    let theirs = another(Signal::USER1);
    gets(&ours, Signal::USER1);
    assert!(theirs());
    signal::stop(&ours);
    raise_in_vain(Signal::USER1);
    println!("first: {}", theirs());
    ends_of_ours(theirs);
}

#[gochan::main]
fn another_before_ours() {
    ends_of_ours(another(Signal::USER1));
}

#[gochan::main]
fn both_in_turns() {
    // Ours twice in one chain: under the other crate's handler, and over it.
    let first = notify(&[Signal::USER1]);
    let theirs = another(Signal::USER1);
    let second = notify(&[Signal::USER1]);
    for round in 0..3 {
        raise(Signal::USER1);
        assert_eq!((first.recv(), second.recv()), (Some(Signal::USER1), Some(Signal::USER1)), "{round}");
        signal::stop(&Receiver::nil());
        assert!(first.is_empty() && second.is_empty() && theirs(), "{round}");
    }
    signal::stop(&second);
    gets(&first, Signal::USER1);
    println!("{}", theirs());
    signal::stop(&first);
    raise_in_vain(Signal::USER1);
    println!("{}", theirs());
}

#[gochan::main]
fn each_gets_one_again_and_again() {
    let count = Arc::new(AtomicUsize::new(0));
    drop(notify(&[Signal::USER1]));
    let counter = count.clone();
    let count_up = move || {
        counter.fetch_add(1, SeqCst);
    };
    // SAFETY: the action only counts.
    unsafe { signal_hook::low_level::register(libc::SIGUSR1, count_up) }.unwrap();
    for round in 0..50 {
        let ours = notify(&[Signal::USER1]);
        gets(&ours, Signal::USER1);
        assert_eq!(count.swap(0, SeqCst), 1, "{round}");
        signal::stop(&ours);
        raise_in_vain(Signal::USER1);
        assert_eq!(count.swap(0, SeqCst), 1, "{round}");
    }
    println!("each got one");
}

#[test]
fn dl_07_another_listener_gets_the_signal_before_and_after_ours_has_gone() {
    prints("another_after_ours", &format!("first: true\n{ENDS}"));
    prints("another_before_ours", ENDS);
    prints("both_in_turns", "true\ntrue\n");
    prints("each_gets_one_again_and_again", "each got one\n");
}

static SENDER: AtomicI32 = AtomicI32::new(0);

extern "C" fn note_sender(_: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    assert!(!context.is_null());
    // SAFETY: the kernel passes a valid siginfo to an SA_SIGINFO handler.
    SENDER.store(unsafe { (*info).si_pid() }, SeqCst);
}

fn with_information() -> libc::sigaction {
    let mut action = action(Signal::USER1);
    action.sa_sigaction = note_sender as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO;
    action
}

#[gochan::main]
fn a_handler_with_information() {
    set_action(Signal::USER1, &with_information());
    let ours = notify(&[Signal::USER1]);
    gets(&ours, Signal::USER1);
    // SAFETY: a question to the kernel.
    println!("{}", SENDER.load(SeqCst) == unsafe { libc::getpid() });
}

/// A signal may come between a call and the look at its error.
#[gochan::main]
fn handlers_keep_the_error_number() {
    extern "C" fn fails(_: libc::c_int) {
        // SAFETY: no such descriptor.
        unsafe { libc::close(-1) };
    }
    set_handler(Signal::USER1, fails as *const () as usize);
    let ours = notify(&[Signal::USER1]);
    // SAFETY: a system call that only sends a signal, and one that fails.
    unsafe {
        libc::mkdir(c"".as_ptr(), 0);
        libc::kill(libc::getpid(), libc::SIGUSR1);
    }
    println!("{:?}", std::io::Error::last_os_error().kind());
    assert_eq!(ours.recv(), Some(Signal::USER1));
}

#[gochan::main]
fn the_action_comes_back() {
    let plain = |action: &libc::sigaction| (action.sa_sigaction, action.sa_flags);
    set_action(Signal::USER1, &with_information());
    let before = action(Signal::USER1);
    let ours = notify(&[Signal::USER1, Signal::USER2]);
    for signal in [Signal::USER1, Signal::USER2] {
        let flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        assert_eq!(action(signal).sa_flags & flags, flags);
    }
    signal::stop(&ours);
    println!("{}", plain(&action(Signal::USER1)) == plain(&before));
    println!("{}", action(Signal::USER2).sa_sigaction == libc::SIG_DFL);
}

#[test]
fn dl_07_handlers_that_were_there_before_are_called_and_come_back() {
    prints("a_handler_with_information", "true\n");
    prints("handlers_keep_the_error_number", "NotFound\n");
    prints("the_action_comes_back", "true\ntrue\n");
}

#[gochan::main]
fn a_handler_that_calls_no_other() {
    let first = notify(&[Signal::USER1]);
    set_handler(Signal::USER1, counting());
    raise_in_vain(Signal::USER1);
    println!("{} {}", counted(), first.len());
    let second = notify(&[Signal::USER1]);
    gets(&second, Signal::USER1);
    println!("{} {}", counted(), first.len());
    signal::stop(&second);
    raise_in_vain(Signal::USER1);
    println!("{} {}", counted(), first.len());
}

/// More often than there are handlers of ours.
#[gochan::main]
fn many_handlers_that_call_no_other() {
    for _ in 0..30 {
        let ours = notify(&[Signal::USER1]);
        set_handler(Signal::USER1, counting());
        signal::stop(&ours);
        raise_in_vain(Signal::USER1);
        assert_eq!(counted(), 1);
    }
    println!("goes on");
}

#[gochan::main]
fn the_default_over_ours() {
    let ours = notify(&[Signal::TERMINATE]);
    set_handler(Signal::TERMINATE, libc::SIG_DFL);
    let again = notify(&[Signal::TERMINATE]);
    gets(&again, Signal::TERMINATE);
    println!("{:?}", ours.recv());
    signal::stop(&ours);
    signal::stop(&again);
    raise(Signal::TERMINATE);
}

#[gochan::main]
fn many_times_the_default_over_ours() {
    let get_and_lose = |_| {
        let ours = notify(&[Signal::TERMINATE]);
        gets(&ours, Signal::TERMINATE);
        set_handler(Signal::TERMINATE, libc::SIG_DFL);
    };
    (0..3).for_each(get_and_lose);
    let theirs = another(Signal::TERMINATE);
    (0..1).for_each(get_and_lose);
    println!("{}", theirs());
    // More often than there are handlers of ours.
    (0..30).for_each(get_and_lose);
    raise(Signal::TERMINATE);
}

#[test]
fn dl_07_who_asks_gets_the_signal_whatever_was_installed_over_the_handler() {
    prints("a_handler_that_calls_no_other", "1 0\n1 1\n1 2\n");
    prints("many_handlers_that_call_no_other", "goes on\n");
    is_ended_by(Signal::TERMINATE, "the_default_over_ours", "Some(SIGTERM)\n");
    is_ended_by(Signal::TERMINATE, "many_times_the_default_over_ours", "true\n");
}

/// What a handler like that of many C libraries has found when it was installed.
static FOUND: AtomicPtr<libc::sigaction> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn count_and_call(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    COUNT.fetch_add(1, SeqCst);
    // SAFETY: set before the handler was installed, to an action that is never freed.
    let found = unsafe { *FOUND.load(SeqCst) };
    if ![libc::SIG_DFL, libc::SIG_IGN].contains(&found.sa_sigaction) {
        type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
        // SAFETY: the only other handlers here are gochan's, which are called like that.
        unsafe { std::mem::transmute::<usize, Handler>(found.sa_sigaction)(signal, info, context) };
    }
}

/// Installs `count_and_call` over what there is, and returns that.
pub(super) fn install_over(signal: Signal) -> libc::sigaction {
    let found = action(signal);
    FOUND.store(Box::into_raw(Box::new(found)), SeqCst);
    let mut over = found;
    over.sa_sigaction = count_and_call as *const () as usize;
    over.sa_flags = libc::SA_SIGINFO;
    set_action(signal, &over);
    found
}

#[gochan::main]
fn ours_restored_by_another() {
    let ours = notify(&[Signal::TERMINATE]);
    let found = install_over(Signal::TERMINATE);
    gets(&ours, Signal::TERMINATE);
    signal::stop(&ours);
    raise_in_vain(Signal::TERMINATE);
    println!("{}", counted());
    // It goes, and ours, which nobody needs any more, comes back.
    set_action(Signal::TERMINATE, &found);
    raise(Signal::TERMINATE);
    sleep(crate::common::patience());
}

/// As the C library's `system` does for SIGINT and SIGQUIT.
#[gochan::main]
fn ignored_for_a_while() {
    let first = notify(&[Signal::USER1]);
    install_over(Signal::USER1);
    for round in 0..10 {
        let theirs = action(Signal::USER1);
        set_handler(Signal::USER1, libc::SIG_IGN);
        let second = notify(&[Signal::USER1]);
        gets(&second, Signal::USER1);
        assert_eq!(counted(), 0, "{round}");
        if round % 2 == 0 {
            signal::stop(&second);
        }
        set_action(Signal::USER1, &theirs);
        let third = notify(&[Signal::USER1]);
        first.try_iter().for_each(drop);
        gets(&third, Signal::USER1);
        assert_eq!(counted(), 1, "{round}");
        assert!(!first.is_empty(), "{round}");
        signal::stop(&third);
        signal::stop(&second);
    }
    println!("each got one");
}

#[gochan::main]
fn ignored_over_another() {
    let ours = notify(&[Signal::USER1]);
    install_over(Signal::USER1);
    signal::ignore(&[Signal::USER1]);
    println!("{:?}", ours.recv());
    raise_in_vain(Signal::USER1);
    println!("{} {}", counted(), signal::is_ignored(Signal::USER1));
    let again = notify(&[Signal::USER1]);
    gets(&again, Signal::USER1);
    println!("{} {}", counted(), signal::is_ignored(Signal::USER1));
    signal::ignore(&[Signal::USER1]);
    signal::reset(&[Signal::USER1]);
    raise_in_vain(Signal::USER1);
    println!("{} {}", counted(), signal::is_ignored(Signal::USER1));
    // Other code undoes it: that counts.
    signal::ignore(&[Signal::USER1]);
    set_handler(Signal::USER1, counting());
    signal::reset(&[Signal::USER1]);
    raise_in_vain(Signal::USER1);
    println!("{}", counted());
}

/// A program whose only other listener was there for a while.
#[gochan::main]
fn goes_on_after_another() {
    let (ctx, _cancel) = notify_context(&background(), &[Signal::INTERRUPT]);
    let found = install_over(Signal::INTERRUPT);
    set_action(Signal::INTERRUPT, &found);
    raise(Signal::INTERRUPT);
    ctx.done().recv();
    println!("{}", ctx.cause().unwrap());
    raise(Signal::INTERRUPT);
    sleep(crate::common::patience());
}

#[test]
fn dl_07_handlers_that_come_and_go_leave_signals_as_they_are() {
    is_ended_by(Signal::TERMINATE, "ours_restored_by_another", "2\n");
    prints("ignored_for_a_while", "each got one\n");
    prints("ignored_over_another", "None\n0 true\n1 false\n1 false\n1\n");
    is_ended_by(Signal::INTERRUPT, "goes_on_after_another", "interrupt signal received\n");
}

static PLACE: AtomicUsize = AtomicUsize::new(0);

/// Goroutines have small stacks, which handlers are not to use.
#[gochan::main]
fn handlers_on_the_alternate_stack() {
    extern "C" fn note_place(_: libc::c_int) {
        let local = 0_u8;
        PLACE.store((&raw const local).addr(), SeqCst);
    }
    set_handler(Signal::USER1, note_place as *const () as usize);
    let ours = notify(&[Signal::USER1]);
    gets(&ours, Signal::USER1);
    // SAFETY: a question to the kernel, about this thread.
    let stack = unsafe {
        let mut stack: libc::stack_t = std::mem::zeroed();
        assert_eq!(libc::sigaltstack(std::ptr::null(), &mut stack), 0);
        stack
    };
    let start = stack.ss_sp.addr();
    println!("{}", (start..start + stack.ss_size).contains(&PLACE.load(SeqCst)));
}

#[test]
fn dl_07_handlers_run_on_the_alternate_stack() {
    prints("handlers_on_the_alternate_stack", "true\n");
}
