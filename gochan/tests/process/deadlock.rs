//! Rows DL-01, DL-02 and DL-03: a program in which nothing can happen any more says so and ends, and no other does.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use crate::common::on_threads;
use crate::common::process::{Outcome, scenarios};
use gochan::prelude::*;
use gochan::runtime::{self};
use gochan::time::{Ticker, Timer, after_func, sleep};
use gochan::{Builder, blocking, scope, select};

scenarios!(
    send_to_itself,
    receive_from_itself,
    crossed,
    wait_group_never_done,
    nil_receive,
    nil_send,
    empty_select,
    range_over_never_closed,
    lost_close,
    select_with_dead_arms,
    select_on_two,
    join_cycle,
    scope_that_waits,
    full_buffer,
    receive_timeout_for_ever,
    after_the_timers,
    after_a_blocking_call,
    after_much_work,
    after_a_stopped_timer,
    after_a_cancelled_alarm,
    after_a_thread_has_cancelled_the_alarm,
    mutex_locked_twice,
    locks_in_two_orders,
    condition_never_signalled,
    lock_until_the_end_of_a_context_that_never_comes,
    goexit_with_nobody_left,
    goexit_with_somebody_blocked,
    plain_main,
    plain_main_without_goroutines,
    a_holder_of_standard_error,
    nothing,
    two_who_wait,
    a_crowd,
    soon_after_many_have_ended,
    soon_alone,
    soon_among_many
);

/// Longer than it takes to call a deadlock.
pub(super) const A_WHILE: Duration = Duration::from_millis(300);

pub(super) const HEADLINE: &str = "fatal error: all goroutines are asleep - deadlock!\n\n";

#[track_caller]
pub(super) fn is_called(outcome: &Outcome) {
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    assert!(outcome.stderr.starts_with(HEADLINE), "{outcome:#?}");
}

#[gochan::main]
fn send_to_itself() {
    let ch = chan!(u32);
    send!(ch <- 1);
    recv!(ch);
}

#[gochan::main]
fn receive_from_itself() {
    let ch = chan!(u32);
    let got = recv!(ch);
    send!(ch <- got);
}

#[gochan::main]
fn crossed() {
    let (a, b) = (chan!(u32), chan!(u32));
    let one = go!([a, b] {
        send!(a <- 1);
        recv!(b)
    });
    let two = go!([a, b] {
        send!(b <- 2);
        recv!(a)
    });
    println!("{}", one.join().unwrap() + two.join().unwrap());
}

#[gochan::main]
fn wait_group_never_done() {
    let wg = WaitGroup::new();
    wg.add(2);
    go!([wg] { wg.done() });
    wg.wait();
}

#[gochan::main]
fn nil_receive() {
    recv!(Chan::<u32>::nil());
}

#[gochan::main]
fn nil_send() {
    go!({ send!(Chan::nil() <- 1) }).join().unwrap();
}

#[gochan::main]
fn empty_select() {
    select! {}
}

#[gochan::main]
fn range_over_never_closed() {
    let ch = chan!(u32);
    go!([ch] { (0..3).for_each(|n| send!(ch <- n)) });
    for n in &ch {
        println!("{n}");
    }
}

#[gochan::main]
fn lost_close() {
    let (jobs, done) = (chan!(u32), chan!(()));
    go!([jobs, done] {
        for _ in &jobs {}
        close!(done);
    });
    send!(jobs <- 1);
    // Here `close!(jobs)` is missing.
    recv!(done);
}

#[gochan::main]
fn select_with_dead_arms() {
    let (a, b) = (Chan::<u32>::nil(), Chan::<u32>::nil());
    select! {
        <-a => {}
        b <- 1 => {}
    }
}

#[gochan::main]
fn select_on_two() {
    let (a, b) = (chan!(u32), chan!(u32));
    select! {
        <-a => {}
        b <- 1 => {}
    }
}

#[gochan::main]
fn join_cycle() {
    let to_first = chan!(gochan::JoinHandle<()>, 1);
    let first = go!([to_first] { to_first.recv().unwrap().join().unwrap() });
    let second = go!({ first.join().unwrap() });
    to_first.send(second).unwrap();
    recv!(Chan::<()>::nil());
}

#[gochan::main]
fn scope_that_waits() {
    let ch = chan!(u32);
    scope(|s| {
        s.go(|| recv!(ch));
    });
}

#[gochan::main]
fn full_buffer() {
    let ch = chan!(u32, 2);
    (0..3).for_each(|n| send!(ch <- n));
}

#[gochan::main]
fn receive_timeout_for_ever() {
    let ch = chan!(u32);
    _ = ch.recv_timeout(Duration::MAX);
}

#[gochan::main]
fn after_the_timers() {
    let ch = chan!(u32);
    sleep(Duration::from_millis(30));
    _ = ch.recv_timeout(Duration::from_millis(30));
    println!("timers are over");
    recv!(ch);
}

#[gochan::main]
fn after_a_blocking_call() {
    let ch = chan!(u32);
    go!({ blocking(|| thread::sleep(Duration::from_millis(30))) }).join().unwrap();
    println!("the call is over");
    recv!(ch);
}

#[gochan::main]
fn after_much_work() {
    let (ping, pong) = (chan!(u32), chan!(u32));
    go!([ping, pong] {
        for n in &ping {
            send!(pong <- n);
        }
    });
    for n in 0..20_000 {
        send!(ping <- n);
        recv!(pong);
    }
    println!("worked");
    recv!(pong);
}

#[gochan::main]
fn after_a_cancelled_alarm() {
    let timer = after_func(Duration::from_secs(3600), || {});
    sleep(Duration::from_millis(30));
    assert!(go!({ timer.stop() }).join().unwrap());
    println!("cancelled");
    recv!(chan!(u32));
}

/// Of those who wait for it, none waits for its time any more.
#[gochan::main]
fn after_a_stopped_timer() {
    let far = Duration::from_secs(3600);
    let (timer, ticker) = (Timer::new(far), Ticker::new(far));
    let wg = WaitGroup::new();
    for channel in [timer.channel(), ticker.channel()] {
        let [a, b] = [(); 2].map(|()| channel.clone());
        wg.go(move || _ = a.recv());
        wg.go(move || {
            select! {
                <-b => {}
                <-chan!(u32) => {}
            }
        });
    }
    sleep(Duration::from_millis(30));
    assert!(timer.stop() && ticker.stop());
    println!("stopped");
    wg.wait();
}

/// Nobody runs meanwhile who would notice.
#[gochan::main]
fn after_a_thread_has_cancelled_the_alarm() {
    let (ctx, cancel) = background().with_timeout(Duration::from_secs(3600));
    let timer = after_func(Duration::from_secs(3600), || {});
    thread::spawn(move || {
        thread::sleep(A_WHILE);
        assert!(timer.stop());
        cancel.cancel();
        println!("cancelled");
    });
    recv!(chan!(u32));
    drop(ctx);
}

#[gochan::main]
fn mutex_locked_twice() {
    let mutex = gochan::sync::Mutex::new(0);
    let _first = mutex.lock();
    *mutex.lock() += 1;
}

#[gochan::main]
fn locks_in_two_orders() {
    let locks = Arc::new((gochan::sync::Mutex::new(0), gochan::sync::Mutex::new(0)));
    let (a, b) = (chan!(()), chan!(()));
    let one = go!([locks, a, b] {
        let _held = locks.0.lock();
        send!(a <- ());
        recv!(b);
        drop(locks.1.lock());
    });
    let _held = locks.1.lock();
    recv!(a);
    send!(b <- ());
    // gochan-lint: allow(lock_order) this is the deadlock
    drop(locks.0.lock());
    one.join().unwrap();
}

#[gochan::main]
fn condition_never_signalled() {
    let (mutex, cond) = (gochan::sync::Mutex::new(false), gochan::sync::Cond::new());
    let mut ready = mutex.lock();
    while !*ready {
        ready = cond.wait(ready);
    }
}

#[gochan::main]
fn lock_until_the_end_of_a_context_that_never_comes() {
    let lock = Arc::new(gochan::sync::RwLock::new(0));
    let (ctx, _cancel) = background().with_cancel();
    let _held = lock.write();
    let waiting = go!([lock, ctx] { lock.read_ctx(&ctx).is_ok() });
    recv!(waiting.finished());
}

/// Each with what it prints before.
const DEADLOCKS: [(&str, &str); 25] = [
    ("send_to_itself", ""),
    ("receive_from_itself", ""),
    ("crossed", ""),
    ("wait_group_never_done", ""),
    ("nil_receive", ""),
    ("nil_send", ""),
    ("empty_select", ""),
    ("range_over_never_closed", "0\n1\n2\n"),
    ("lost_close", ""),
    ("select_with_dead_arms", ""),
    ("select_on_two", ""),
    ("join_cycle", ""),
    ("scope_that_waits", ""),
    ("full_buffer", ""),
    ("receive_timeout_for_ever", ""),
    ("after_the_timers", "timers are over\n"),
    ("after_a_blocking_call", "the call is over\n"),
    ("after_much_work", "worked\n"),
    ("after_a_stopped_timer", "stopped\n"),
    ("after_a_cancelled_alarm", "cancelled\n"),
    ("after_a_thread_has_cancelled_the_alarm", "cancelled\n"),
    ("mutex_locked_twice", ""),
    ("locks_in_two_orders", ""),
    ("condition_never_signalled", ""),
    ("lock_until_the_end_of_a_context_that_never_comes", ""),
];

#[test]
fn dl_01_every_classic_deadlock_is_called() {
    for (name, prints) in DEADLOCKS {
        for workers in [1, 2, 4] {
            let outcome = scenario(name).workers(workers).run();
            is_called(&outcome);
            assert_eq!(outcome.stdout, prints, "{name}");
        }
    }
}

#[gochan::main]
fn nothing() {}

#[test]
fn dl_01_a_deadlock_is_called_within_100_ms() {
    for workers in [1, 2] {
        // The quickest of some, as the machine may have other things to do.
        let (mut alone, mut called) = (Duration::MAX, Duration::MAX);
        let run = |name: &str, quickest: &mut Duration| {
            *quickest = scenario(name).workers(workers).run().took.min(*quickest);
        };
        let in_time = (0..50).any(|turn| {
            run("nothing", &mut alone);
            run("crossed", &mut called);
            turn >= 4 && called < alone + Duration::from_millis(100)
        });
        assert!(in_time, "{called:?}, and {alone:?} without a deadlock");
    }
}

/// Says when nothing will happen any more.
fn tell_when() {
    println!("{}", UNIX_EPOCH.elapsed().unwrap().as_micros());
}

#[gochan::main]
fn soon_after_many_have_ended() {
    for _ in 0..20 {
        let (wg, gate) = (WaitGroup::new(), chan!(()));
        for _ in 0..300 {
            let gate = gate.clone();
            wg.go(move || gate.recv());
        }
        close!(gate);
        wg.wait();
    }
    tell_when();
    select! {}
}

#[gochan::main]
fn soon_alone() {
    tell_when();
    select! {}
}

#[gochan::main]
fn soon_among_many() {
    let gate = chan!(());
    let waiting = WaitGroup::new();
    for _ in 0..if on_threads() { 200 } else { 1000 } {
        waiting.add(1);
        go!([gate, waiting] {
            waiting.done();
            recv!(gate);
        });
    }
    waiting.wait();
    tell_when();
    recv!(gate);
}

#[test]
fn dl_01_neither_many_that_wait_nor_many_that_have_ended_delay_the_report() {
    for name in ["soon_after_many_have_ended", "soon_among_many"] {
        for workers in [1, 2] {
            let took = |name| {
                let outcome = scenario(name).workers(workers).run();
                let end = UNIX_EPOCH.elapsed().unwrap();
                is_called(&outcome);
                end.saturating_sub(Duration::from_micros(outcome.stdout.trim().parse().unwrap()))
            };
            // A machine that has much else to do delays the report of a few just as well.
            let in_time = (0..100).any(|_| {
                let among_many = took(name);
                among_many < Duration::from_millis(100)
                    || among_many < took("soon_alone") + Duration::from_millis(70)
            });
            assert!(in_time, "{name} with {workers} workers");
        }
    }
}

#[gochan::main]
fn goexit_with_nobody_left() {
    let done = chan!(());
    go!([done] {
        recv!(done);
        sleep(Duration::from_millis(30));
        after_func(Duration::from_millis(30), || println!("the last one"));
    });
    close!(done);
    runtime::goexit();
}

#[gochan::main]
fn goexit_with_somebody_blocked() {
    go!({ recv!(Chan::<()>::nil()) });
    runtime::goexit();
}

#[test]
fn dl_01_goexit_on_main_ends_in_a_report_when_the_others_have_ended_or_are_blocked() {
    for workers in [1, 2] {
        let outcome = scenario("goexit_with_nobody_left").workers(workers).run();
        assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
        assert_eq!(outcome.stderr, "fatal error: no goroutines (main called goexit) - deadlock!\n");
        assert_eq!(outcome.stdout, "the last one\n");
        is_called(&scenario("goexit_with_somebody_blocked").workers(workers).run());
    }
}

fn plain_main() {
    let (ping, pong) = (chan!(u32), chan!(u32));
    go!([ping, pong] {
        recv!(ping);
        recv!(pong)
    });
    send!(ping <- 1);
    println!("sent");
    recv!(pong);
}

fn plain_main_without_goroutines() {
    go!({}).join().unwrap();
    recv!(chan!(u32));
}

#[test]
fn dl_01_a_main_thread_that_waits_with_the_others_does_not_prevent_the_report() {
    for workers in [1, 2] {
        let outcome = scenario("plain_main").workers(workers).run();
        is_called(&outcome);
        assert!(outcome.stderr.contains("\nthread `"), "{outcome:#?}");
        assert_eq!(outcome.stdout, "sent\n");
        is_called(&scenario("plain_main_without_goroutines").workers(workers).run());
    }
}

#[gochan::main]
fn a_holder_of_standard_error() {
    let _mine = std::io::stderr().lock();
    let _also = std::io::stdout().lock();
    recv!(chan!(u32));
}

#[test]
fn dl_01_the_report_needs_no_lock_that_a_goroutine_may_hold() {
    is_called(&scenario("a_holder_of_standard_error").run());
}

#[gochan::main]
fn two_who_wait() {
    let ch = chan!(u32);
    println!("{}", line!() + 1);
    go!([ch] {
        sleep(Duration::from_millis(700));
        println!("{}", line!() + 1);
        send!(Chan::nil() <- recv!(ch, ok));
    });
    let named = Builder::new().name("collector").spawn({
        let ch = ch.clone();
        move || {
            for _ in &ch {}
        }
    });
    named.join().unwrap();
}

/// The time in the first line of a paragraph.
fn millis(paragraph: &str) -> u64 {
    let time = paragraph.split_once(", ").expect("a time").1.split_once(']').expect("its end").0;
    match time.split_once(' ').expect("a unit") {
        (number, "ms") => number.parse().unwrap(),
        (number, "s") => (number.parse::<f64>().unwrap() * 1000.0) as u64,
        other => panic!("{other:?}"),
    }
}

#[test]
fn dl_03_the_report_names_each_goroutine_with_what_where_and_how_long() {
    // With the stacks the paragraphs may come twice.
    let outcome = scenario("two_who_wait").env("GOCHAN_TRACEBACK", "none").run();
    is_called(&outcome);
    let lines: Vec<u32> = outcome.stdout.lines().map(|line| line.parse().unwrap()).collect();
    let paragraphs: Vec<&str> = outcome.stderr.trim_end().split("\n\n").skip(1).collect();
    assert_eq!(paragraphs.len(), 3, "{outcome:#?}");
    let find = |words: &[&str]| {
        let found = paragraphs.iter().find(|text| words.iter().all(|word| text.contains(word)));
        *found.unwrap_or_else(|| panic!("no paragraph with {words:?} in {outcome:#?}"))
    };
    let here = |line: u32| format!("{}:{line}:", file!());
    find(&["goroutine ", " `main` [join, ", "\n    waits at ", "deadlock.rs:", "\n    spawned at "]);
    let collector =
        find(&["goroutine ", " `collector` [chan receive, ", "\n    waits at ", "\n    spawned at "]);
    let spawned = format!("\n    spawned at {}", here(lines[0]));
    let waits = format!("\n    waits at {}", here(lines[1]));
    let other = find(&["[chan receive, ", &waits, &spawned]);
    // The one has waited since before the other one slept.
    assert!(millis(collector) >= 690 && millis(other) + 600 < millis(collector), "{outcome:#?}");
}

#[gochan::main]
fn a_crowd() {
    let ids: Vec<u64> = (0..300).map(|_| go!({ recv!(Chan::<()>::nil()) }).id()).collect();
    println!("{ids:?}");
    select! {}
}

#[test]
fn dl_03_a_crowd_is_told_in_one_paragraph_that_names_all() {
    let outcome = scenario("a_crowd").run();
    is_called(&outcome);
    let ids = outcome.stdout.trim().trim_matches(['[', ']']);
    let ids: Vec<u64> = ids.split(", ").map(|id| id.parse().unwrap()).collect();
    let line = outcome.stderr.lines().find(|line| line.starts_with("300 goroutines [nil channel, up to "));
    let line = line.unwrap_or_else(|| panic!("{outcome:#?}"));
    let mut named = Vec::new();
    for range in line.split_once("]: ").expect("ids").1.split(", ") {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        named.extend(first.parse::<u64>().unwrap()..=last.parse().unwrap());
    }
    assert_eq!(named, ids);
    assert!(outcome.stderr.contains(" `main` [select (no cases), "), "{outcome:#?}");
}

#[test]
fn dl_02_a_wait_that_could_be_given_up_is_named_by_what_it_waits_for() {
    let outcome = scenario("lock_until_the_end_of_a_context_that_never_comes").run();
    is_called(&outcome);
    assert!(outcome.stderr.contains("RwLock read"), "{outcome:#?}");
}
