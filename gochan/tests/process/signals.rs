//! Row DL-07, and of DL-06 what SIGQUIT does. Signals are the process's, so each test has a process of its own.

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::time::{Duration, Instant};

use crate::common::process::scenarios;
use crate::common::{on_threads, panic_of, until};
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::runtime::{self, gosched};
use gochan::signal::{self, Received, Signal, notify, notify_context};
use gochan::time::sleep;

scenarios!(
    relays,
    relays_to_all_who_ask,
    never_blocks,
    stop_restores_the_default,
    stop_restores_ignoring,
    stop_restores_a_handler,
    stop_of_one_of_two,
    a_dropped_receiver_restores,
    asks_again_after_stop,
    a_context_ends_once,
    a_cancelled_context_restores,
    a_context_of_an_ended_parent,
    contexts_and_channels,
    senseless_signals,
    kept_by_a_signal,
    deadlocked_after_stop,
    quit_dumps,
    quit_is_asked_for,
    quit_does_not_dump,
    stop_after_the_arrival,
    cancel_after_the_arrival,
    stop_restores_what_has_no_name
);

/// Sends this process a signal.
pub(super) fn kill(signal: Signal) {
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::kill(libc::getpid(), signal.number()) }, 0);
}

#[gochan::main]
fn relays() {
    let signals = notify(&[Signal::USER1, Signal::USER2]);
    kill(Signal::USER1);
    println!("{}", signals.recv().unwrap());
    kill(Signal::USER2);
    println!("{:?}", signals.recv().unwrap());
}

#[gochan::main]
fn relays_to_all_who_ask() {
    let both = notify(&[Signal::USER1, Signal::USER2]);
    let one = notify(&[Signal::USER1]);
    kill(Signal::USER1);
    println!("{} {}", both.recv().unwrap(), one.recv().unwrap());
    kill(Signal::USER2);
    println!("{} {}", both.recv().unwrap(), one.try_recv().is_err());
}

#[test]
fn dl_07_signals_come_through_the_channel() {
    scenario("relays").run().prints("user defined signal 1\nSIGUSR2\n");
    scenario("relays_to_all_who_ask")
        .run()
        .prints("user defined signal 1 user defined signal 1\nuser defined signal 2 true\n");
}

#[gochan::main]
fn never_blocks() {
    let (full, other) = (notify(&[Signal::USER1]), notify(&[Signal::USER1]));
    for sent in 0..100 {
        kill(Signal::USER1);
        // One after the other: signals that come at once may arrive as one.
        assert_eq!(other.recv(), Some(Signal::USER1), "{sent}");
    }
    println!("{} of {}", full.len(), full.capacity());
    full.try_iter().for_each(drop);
    kill(Signal::USER1);
    println!("{}", full.recv().unwrap());
}

#[test]
fn dl_07_a_full_channel_drops_signals_and_holds_nobody_up() {
    scenario("never_blocks").run().prints("16 of 16\nuser defined signal 1\n");
}

#[gochan::main]
fn stop_restores_the_default() {
    let signals = notify(&[Signal::TERMINATE]);
    kill(Signal::TERMINATE);
    println!("{}", signals.recv().unwrap());
    signal::stop(&signals);
    println!("{:?}", signals.recv());
    kill(Signal::TERMINATE);
    sleep(crate::common::patience());
}

#[gochan::main]
fn stop_restores_ignoring() {
    // SAFETY: no handler is involved.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
    let signals = notify(&[Signal::TERMINATE]);
    kill(Signal::TERMINATE);
    println!("{}", signals.recv().unwrap());
    signal::stop(&signals);
    kill(Signal::TERMINATE);
    println!("{:?}", signals.recv());
}

pub(super) static HANDLED: AtomicUsize = AtomicUsize::new(0);

pub(super) extern "C" fn count(_: libc::c_int) {
    HANDLED.fetch_add(1, SeqCst);
}

#[gochan::main]
fn stop_restores_a_handler() {
    // SAFETY: the handler only counts.
    unsafe { libc::signal(libc::SIGUSR1, count as *const () as usize) };
    let signals = notify(&[Signal::USER1]);
    kill(Signal::USER1);
    println!("{}", signals.recv().unwrap());
    signal::stop(&signals);
    let before = HANDLED.load(SeqCst);
    kill(Signal::USER1);
    until(|| HANDLED.load(SeqCst) == before + 1);
}

#[gochan::main]
fn stop_of_one_of_two() {
    let (one, two) = (notify(&[Signal::TERMINATE]), notify(&[Signal::TERMINATE]));
    signal::stop(&one);
    kill(Signal::TERMINATE);
    println!("{:?} {:?}", one.recv(), two.recv());
}

#[gochan::main]
fn a_dropped_receiver_restores() {
    let signals = notify(&[Signal::TERMINATE]);
    drop(signals);
    println!("dropped");
    kill(Signal::TERMINATE);
    sleep(crate::common::patience());
}

#[gochan::main]
fn asks_again_after_stop() {
    for _ in 0..3 {
        let signals = notify(&[Signal::TERMINATE]);
        kill(Signal::TERMINATE);
        println!("{}", signals.recv().unwrap());
        signal::stop(&signals);
    }
}

#[test]
fn dl_07_stop_restores_what_the_signal_did_before() {
    let outcome = scenario("stop_restores_the_default").run();
    assert_eq!(outcome.status.signal(), Some(libc::SIGTERM), "{outcome:#?}");
    assert_eq!(outcome.stdout, "terminated\nNone\n");
    scenario("stop_restores_ignoring").run().prints("terminated\nNone\n");
    scenario("stop_restores_a_handler").run().prints("user defined signal 1\n");
    scenario("stop_of_one_of_two").run().prints("None Some(SIGTERM)\n");
    let outcome = scenario("a_dropped_receiver_restores").run();
    assert_eq!(outcome.status.signal(), Some(libc::SIGTERM), "{outcome:#?}");
    scenario("asks_again_after_stop").run().prints("terminated\nterminated\nterminated\n");
}

#[gochan::main]
fn a_context_ends_once() {
    let (ctx, _cancel) = notify_context(&background(), &[Signal::INTERRUPT, Signal::TERMINATE]);
    assert_eq!(ctx.err(), None);
    kill(Signal::INTERRUPT);
    ctx.done().recv();
    println!("{}: {}", ctx.err().unwrap(), ctx.cause().unwrap());
    assert_eq!(ctx.cause().unwrap().downcast_ref(), Some(&Received(Signal::INTERRUPT)));
    // By now nobody asks for either of them.
    kill(Signal::TERMINATE);
    sleep(crate::common::patience());
}

#[gochan::main]
fn a_cancelled_context_restores() {
    let (ctx, cancel) = notify_context(&background(), &[Signal::TERMINATE]);
    drop(cancel);
    assert_eq!(ctx.err(), Some(ContextError::Canceled));
    drop(ctx);
    println!("cancelled");
    let ended = Instant::now();
    // The one that ends the process is the first to come after the subscription has gone.
    while ended.elapsed() < crate::common::patience() {
        kill(Signal::TERMINATE);
        sleep(Duration::from_millis(1));
    }
}

#[gochan::main]
fn a_context_of_an_ended_parent() {
    let (parent, end) = background().with_cancel();
    let (ctx, _cancel) = notify_context(&parent, &[Signal::TERMINATE]);
    end.cancel();
    println!("{}", ctx.err().unwrap());
    let (late, _cancel) = notify_context(&parent, &[Signal::TERMINATE]);
    println!("{}", late.err().unwrap());
}

#[gochan::main]
fn contexts_and_channels() {
    let signals = notify(&[Signal::TERMINATE]);
    let (ctx, _cancel) = notify_context(&background(), &[Signal::TERMINATE]);
    for _ in 0..2 {
        kill(Signal::TERMINATE);
        println!("{}", signals.recv().unwrap());
        ctx.done().recv();
    }
}

#[test]
fn dl_07_a_signal_cancels_a_context_once() {
    let outcome = scenario("a_context_ends_once").run();
    assert_eq!(outcome.status.signal(), Some(libc::SIGTERM), "{outcome:#?}");
    assert_eq!(outcome.stdout, "context canceled: interrupt signal received\n");
    let outcome = scenario("a_cancelled_context_restores").run();
    assert_eq!(outcome.status.signal(), Some(libc::SIGTERM), "{outcome:#?}");
    assert_eq!(outcome.stdout, "cancelled\n");
    scenario("a_context_of_an_ended_parent").run().prints("context canceled\ncontext canceled\n");
    scenario("contexts_and_channels").run().prints("terminated\nterminated\n");
}

#[gochan::main]
fn senseless_signals() {
    println!("{}", panic_of(|| drop(notify(&[]))));
    for number in [libc::SIGKILL, libc::SIGSEGV, 0, -1, 65, 1000] {
        println!("{}", panic_of(|| drop(notify(&[Signal::from_number(number)]))));
    }
}

#[test]
fn dl_07_what_cannot_be_waited_for_is_told() {
    let outcome = scenario("senseless_signals").run();
    assert_eq!(outcome.stdout.lines().count(), 7, "{outcome:#?}");
    assert!(
        outcome.stdout.lines().skip(1).all(|line| line.contains(" cannot be waited for: ")),
        "{outcome:#?}"
    );
}

/// Lets the kernel send a SIGALRM in a while.
pub(super) fn ring_in(after: Duration) {
    let after = libc::timeval { tv_sec: 0, tv_usec: after.as_micros() as libc::suseconds_t };
    let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: after };
    // SAFETY: the argument is a local that the call only reads.
    assert_eq!(unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) }, 0);
}

#[gochan::main]
fn kept_by_a_signal() {
    let signals = notify(&[Signal::ALARM]);
    ring_in(Duration::from_millis(400));
    println!("{}", signals.recv().unwrap());
    let (ctx, _cancel) = notify_context(&background(), &[Signal::ALARM]);
    ring_in(Duration::from_millis(400));
    ctx.done().recv();
    println!("{}", ctx.err().unwrap());
}

#[gochan::main]
fn deadlocked_after_stop() {
    let signals = notify(&[Signal::USER1]);
    let (_ctx, cancel) = notify_context(&background(), &[Signal::USER2]);
    cancel.cancel();
    signal::stop(&signals);
    select! {}
}

#[test]
fn dl_02_a_program_that_waits_for_signals_is_not_deadlocked() {
    for workers in [1, 2] {
        scenario("kept_by_a_signal").workers(workers).run().prints("alarm clock\ncontext canceled\n");
        let outcome = scenario("deadlocked_after_stop").workers(workers).run();
        assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
        outcome.fails_saying(&["all goroutines are asleep - deadlock!"]);
    }
}

#[gochan::main]
fn quit_dumps() {
    let (started, turns) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let goroutines = if on_threads() { 300 } else { 10_000 };
    for _ in 0..goroutines / 2 {
        let (ping, pong) = (chan!(u32), chan!(u32));
        go!([ping, pong, started, turns] {
            started.fetch_add(1, Relaxed);
            for n in &ping {
                turns.fetch_add(1, Relaxed);
                send!(pong <- n);
            }
        });
        go!([ping, pong, started] {
            started.fetch_add(1, Relaxed);
            for n in 0.. {
                send!(ping <- n);
                recv!(pong);
            }
        });
    }
    // Of those that no worker has started the dump tells the number only.
    while started.load(Relaxed) < goroutines || turns.load(Relaxed) < 100_000 {
        gosched();
    }
    println!("{goroutines}");
    kill(Signal::QUIT);
    recv!(Chan::<()>::nil());
}

#[test]
fn dl_06_sigquit_prints_what_all_goroutines_do_and_ends_the_program() {
    let outcome = scenario("quit_dumps").run();
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    assert!(outcome.stderr.starts_with("SIGQUIT: quit\n\n"), "{outcome:#?}");
    assert!(outcome.stderr.contains(" `main` ["), "{outcome:#?}");
    let goroutines: usize = outcome.stdout.trim().parse().unwrap();
    let crowds = outcome.stderr.lines().filter_map(|line| line.split_once(" goroutines ["));
    let told: usize = crowds.map(|(count, _)| count.parse::<usize>().unwrap()).sum();
    assert!(told + 10 > goroutines, "{told} of {goroutines} in {outcome:#?}");
}

#[gochan::main]
fn quit_is_asked_for() {
    let signals = notify(&[Signal::QUIT]);
    kill(Signal::QUIT);
    println!("{}", signals.recv().unwrap());
}

fn quit_does_not_dump() {
    // SAFETY: the limit is a local that the call only reads. No core is to be left behind.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 }) };
    runtime::Builder::new().dump_on_quit(false).install().expect("nothing runs yet");
    quit();
}

#[gochan::main]
pub(super) fn quit() {
    kill(Signal::QUIT);
    sleep(crate::common::patience());
}

#[test]
fn dl_06_sigquit_can_be_had_by_the_program_itself() {
    let outcome = scenario("quit_is_asked_for").run();
    outcome.prints("quit\n");
    assert_eq!(outcome.stderr, "");
    let outcome = scenario("quit_does_not_dump").run();
    assert_eq!(outcome.status.signal(), Some(libc::SIGQUIT), "{outcome:#?}");
    assert_eq!(outcome.stderr, "");
}

/// Sends this thread a signal: it has arrived when this returns.
pub(super) fn raise(signal: Signal) {
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::raise(signal.number()) }, 0);
}

#[gochan::main]
fn stop_after_the_arrival() {
    for round in 0..1000 {
        let signals = notify(&[Signal::TERMINATE, Signal::USER1]);
        raise(Signal::USER1);
        signal::stop(&signals);
        assert_eq!(signals.recv(), Some(Signal::USER1), "{round}");
        assert_eq!(signals.recv(), None);
    }
    println!("all have come");
}

#[gochan::main]
fn cancel_after_the_arrival() {
    for _ in 0..1000 {
        let (ctx, cancel) = notify_context(&background(), &[Signal::TERMINATE]);
        raise(Signal::TERMINATE);
        cancel.cancel();
        assert!(ctx.err().is_some());
    }
    println!("none was too late");
}

#[test]
fn dl_07_what_arrives_before_stop_is_still_received() {
    scenario("stop_after_the_arrival").run().prints("all have come\n");
    scenario("cancel_after_the_arrival").run().prints("none was too late\n");
}

/// Ends the process, unless somebody asks for it.
#[cfg(target_os = "linux")]
pub(super) fn nameless() -> Signal {
    Signal::from_number(libc::SIGRTMIN() + 3)
}

/// Others have none without a name.
#[cfg(not(target_os = "linux"))]
pub(super) fn nameless() -> Signal {
    Signal::USER2
}

#[gochan::main]
fn stop_restores_what_has_no_name() {
    let signals = notify(&[nameless()]);
    kill(nameless());
    println!("{}", signals.recv() == Some(nameless()));
    signal::stop(&signals);
    kill(nameless());
    sleep(crate::common::patience());
}

#[test]
fn dl_07_stop_restores_also_what_signals_do_that_have_no_name() {
    let outcome = scenario("stop_restores_what_has_no_name").run();
    assert_eq!(outcome.status.signal(), Some(nameless().number()), "{outcome:#?}");
    assert_eq!(outcome.stdout, "true\n");
}
