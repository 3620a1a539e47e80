//! `#[gochan::test]` in real time and deadlocks: it tells one soon, on either backend, and never calls a test
//! deadlocked that something could still wake.

use std::process::Command;
use std::sync::{LazyLock, Mutex as StdMutex};
use std::thread;
use std::time::Duration;

use crate::common::panic_of;
use crate::common::process::scenarios;
use gochan::prelude::*;
use gochan::signal::{self, Signal};
use gochan::sync::{Cond, Mutex, Semaphore};
use gochan::time::{after_func, sleep};

scenarios!(
    receives_what_nobody_sends,
    locks_twice,
    waits_for_a_group_that_is_never_done,
    joins_who_waits_for_it,
    a_condition_nobody_signals,
    selects_among_the_dead,
    more_permits_than_come_back,
    deadlocked_after_a_while,
    deadlocked_after_its_signals,
    waits_for_a_signal,
    waits_for_a_context_that_a_signal_ends,
    waits_for_a_goroutine_of_a_thread,
    waits_for_an_alarm_of_a_thread,
    waits_for_another_test,
    waits_for_a_test_in_virtual_time,
    waits_for_what_a_test_has_left,
    waits_for_a_thread,
    waits_for_a_blocking_call,
    waits_for_a_deadline,
    waits_for_an_async_task,
);

/// Longer than it takes to call a deadlock.
const A_WHILE: Duration = Duration::from_millis(300);

fn attribute() -> gochan::__private::Test {
    gochan::__private::Test::new()
}

fn is_called(body: fn()) {
    let text = panic_of(|| attribute().run(body));
    assert!(text.contains("all goroutines of the test are asleep - deadlock!"), "{text}");
    assert!(text.contains(concat!(file!(), ":")), "{text}");
}

fn receives_what_nobody_sends() {
    is_called(|| {
        let (a, b) = (chan!(i32), chan!(i32));
        go!([a, b] {
            recv!(a);
            send!(b <- 1);
        });
        recv!(b);
    });
}

fn locks_twice() {
    is_called(|| {
        let lock = Mutex::new(());
        let _first = lock.lock();
        drop(lock.lock());
    });
}

fn waits_for_a_group_that_is_never_done() {
    is_called(|| {
        let wg = WaitGroup::new();
        wg.add(2);
        go!([wg] wg.done());
        wg.wait();
    });
}

fn joins_who_waits_for_it() {
    is_called(|| {
        let ch = chan!(i32);
        let child = go!([ch] ch.recv());
        let _ = child.join();
        send!(ch <- 1);
    });
}

fn a_condition_nobody_signals() {
    is_called(|| {
        let (lock, cond) = (Mutex::new(()), Cond::new());
        // gochan-lint: allow(cond_wait_without_loop) it is never signalled
        drop(cond.wait(lock.lock()));
    });
}

fn selects_among_the_dead() {
    is_called(|| {
        let (a, b) = (chan!(i32), chan!(i32));
        select! {
            _ = <-a => {}
            b <- 1 => {}
        }
    });
}

fn more_permits_than_come_back() {
    is_called(|| {
        let permits = Semaphore::new(1);
        let ctx = background();
        permits.acquire(&ctx, 1).unwrap();
        permits.acquire(&ctx, 1).unwrap();
    });
}

fn deadlocked_after_a_while() {
    is_called(|| {
        let ch = chan!(i32);
        go!([ch] {
            for i in 0..3 {
                sleep(Duration::from_millis(30));
                send!(ch <- i);
            }
        });
        gochan::blocking(|| thread::sleep(Duration::from_millis(30)));
        loop {
            recv!(ch);
        }
    });
}

fn deadlocked_after_its_signals() {
    is_called(|| {
        let signals = signal::notify(&[Signal::USER1]);
        signal::stop(&signals);
        recv!(chan!(i32));
    });
}

#[test]
fn a_deadlock_is_called_on_either_backend_and_any_number_of_workers() {
    for name in [
        "receives_what_nobody_sends",
        "locks_twice",
        "waits_for_a_group_that_is_never_done",
        "joins_who_waits_for_it",
        "a_condition_nobody_signals",
        "selects_among_the_dead",
        "more_permits_than_come_back",
        "deadlocked_after_a_while",
        "deadlocked_after_its_signals",
    ] {
        for (backend, workers) in [("coroutines", 1), ("coroutines", 3), ("threads", 1)] {
            let outcome = scenario(name).backend(backend).workers(workers).run();
            assert_eq!(outcome.code(), Some(0), "{name} on {backend}: {outcome:#?}");
            // The timeout would be a minute.
            assert!(outcome.took < Duration::from_secs(20), "{name} on {backend}: {outcome:#?}");
        }
    }
}

/// Another process sends the signal.
fn signal_later() {
    let command = format!("sleep 0.3; kill -USR1 {}", std::process::id());
    drop(Command::new("sh").args(["-c", &command]).spawn().expect("a shell"));
}

fn waits_for_a_signal() {
    attribute().run(|| {
        let signals = signal::notify(&[Signal::USER1]);
        signal_later();
        assert_eq!(signals.recv(), Some(Signal::USER1));
        signal::stop(&signals);
    });
}

fn waits_for_a_context_that_a_signal_ends() {
    attribute().run(|| {
        let (ctx, _cancel) = signal::notify_context(&background(), &[Signal::USER1]);
        signal_later();
        ctx.done().recv();
        assert!(ctx.err().is_some());
    });
}

fn waits_for_a_goroutine_of_a_thread() {
    attribute().run(|| {
        let ch = chan!(i32);
        let spawner = thread::spawn({
            let ch = ch.clone();
            move || {
                go!({
                    sleep(A_WHILE);
                    send!(ch <- 1);
                });
            }
        });
        spawner.join().unwrap();
        assert_eq!(recv!(ch), 1);
    });
}

fn waits_for_an_alarm_of_a_thread() {
    attribute().run(|| {
        let ch = chan!(i32);
        let setter = thread::spawn({
            let ch = ch.clone();
            move || drop(after_func(A_WHILE, move || send!(ch <- 1)))
        });
        setter.join().unwrap();
        assert_eq!(recv!(ch), 1);
    });
}

/// Tests take turns by it, as some test suites do.
static TURN: LazyLock<Mutex<()>> = LazyLock::new(|| Mutex::new(()));

fn waits_for_another_test() {
    let slow = || {
        let _turn = TURN.lock();
        sleep(A_WHILE);
    };
    let other = thread::spawn(move || attribute().run(slow));
    attribute().run(slow);
    other.join().unwrap();
}

fn waits_for_a_test_in_virtual_time() {
    let other = thread::spawn(move || {
        attribute().virtual_time().run(|| {
            let _turn = TURN.lock();
            thread::sleep(A_WHILE);
        });
    });
    attribute().run(|| {
        sleep(Duration::from_millis(50));
        drop(TURN.lock());
    });
    other.join().unwrap();
}

fn waits_for_what_a_test_has_left() {
    static KEPT: StdMutex<Option<Chan<i32>>> = StdMutex::new(None);
    attribute().allow(&["daemon"]).run(|| {
        let ch = chan!(i32);
        *KEPT.lock().unwrap() = Some(ch.clone());
        gochan::Builder::new().name("daemon").spawn(move || {
            sleep(A_WHILE);
            ch.send(1)
        });
    });
    attribute().run(|| {
        let ch = KEPT.lock().unwrap().take().unwrap();
        assert_eq!(recv!(ch), 1);
    });
}

fn waits_for_a_thread() {
    attribute().run(|| {
        let ch = chan!(i32);
        drop(thread::spawn({
            let ch = ch.clone();
            move || {
                thread::sleep(A_WHILE);
                ch.send(1)
            }
        }));
        assert_eq!(recv!(ch), 1);
    });
}

fn waits_for_a_blocking_call() {
    attribute().run(|| {
        let ch = chan!(i32);
        go!([ch] {
            gochan::blocking(|| thread::sleep(A_WHILE));
            send!(ch <- 1);
        });
        assert_eq!(recv!(ch), 1);
    });
}

fn waits_for_a_deadline() {
    attribute().run(|| {
        let (ctx, _cancel) = background().with_timeout(A_WHILE);
        select! {
            <-ctx.done() => {}
        }
        assert!(Chan::<i32>::new().recv_timeout(A_WHILE).is_err());
    });
}

fn waits_for_an_async_task() {
    attribute().run(|| {
        let (ch, slow) = (chan!(i32), chan!(i32));
        drop(thread::spawn({
            let (ch, slow) = (ch.clone(), slow.clone());
            move || pollster::block_on(async { ch.send_async(slow.recv_async().await.unwrap()).await })
        }));
        drop(after_func(A_WHILE, move || send!(slow <- 1)));
        assert_eq!(recv!(ch), 1);
    });
}

#[test]
fn what_something_could_still_wake_is_no_deadlock() {
    for name in [
        "waits_for_a_signal",
        "waits_for_a_context_that_a_signal_ends",
        "waits_for_a_goroutine_of_a_thread",
        "waits_for_an_alarm_of_a_thread",
        "waits_for_another_test",
        "waits_for_a_test_in_virtual_time",
        "waits_for_what_a_test_has_left",
        "waits_for_a_thread",
        "waits_for_a_blocking_call",
        "waits_for_a_deadline",
        "waits_for_an_async_task",
    ] {
        for backend in ["coroutines", "threads"] {
            let outcome = scenario(name).backend(backend).run();
            assert_eq!(outcome.code(), Some(0), "{name} on {backend}: {outcome:#?}");
        }
    }
}
