//! Row DL-02: a program in which something can still happen is not called deadlocked.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::deadlock::A_WHILE;
use crate::common::process::scenarios;
use crate::common::until;
use gochan::blocking;
use gochan::prelude::*;
use gochan::runtime::{gosched, num_goroutine};
use gochan::time::{after_func, sleep};

scenarios!(
    kept_alive_in_turns,
    kept_by_sleep,
    kept_by_a_receive_with_timeout,
    kept_by_select_with_timeout,
    kept_by_an_alarm,
    kept_by_blocking,
    kept_by_blocking_that_waits,
    kept_by_a_thread,
    kept_by_a_thread_that_spawns,
    kept_by_a_thread_pool_job,
    kept_by_an_async_task,
    kept_by_a_computation,
    kept_by_a_blocked_worker,
    kept_by_a_file,
    main_returns_while_others_wait,
    report_is_switched_off
);

#[gochan::main]
fn kept_by_sleep() {
    sleep(A_WHILE);
    println!("awake");
}

#[gochan::main]
fn kept_by_a_receive_with_timeout() {
    let ch = chan!(u32);
    go!([ch] { recv!(ch) });
    sleep(Duration::from_millis(1));
    _ = chan!(u32).recv_timeout(A_WHILE);
    println!("awake");
}

#[gochan::main]
fn kept_by_select_with_timeout() {
    let ch = chan!(u32);
    let mut select = gochan::Select::new();
    select.recv(&ch);
    assert!(select.wait_timeout(A_WHILE).is_none());
    println!("awake");
}

#[gochan::main]
fn kept_by_an_alarm() {
    let ch = chan!(u32);
    after_func(A_WHILE, {
        let ch = ch.clone();
        move || send!(ch <- 1)
    });
    recv!(ch);
    println!("awake");
}

#[gochan::main]
fn kept_by_blocking() {
    let ch = chan!(u32);
    go!([ch] {
        blocking(|| thread::sleep(A_WHILE));
        send!(ch <- 1)
    });
    recv!(ch);
    println!("awake");
}

#[gochan::main]
fn kept_by_blocking_that_waits() {
    let (ch, other) = (chan!(u32), chan!(u32));
    go!([ch, other] { send!(ch <- blocking(|| recv!(other))) });
    after_func(A_WHILE, {
        let other = other.clone();
        move || send!(other <- 1)
    });
    recv!(ch);
    println!("awake");
}

#[gochan::main]
fn kept_by_a_thread() {
    let ch = chan!(u32);
    thread::spawn({
        let ch = ch.clone();
        move || {
            thread::sleep(A_WHILE);
            send!(ch <- 1);
        }
    });
    recv!(ch);
    println!("awake");
}

#[gochan::main]
fn kept_by_a_thread_that_spawns() {
    let ch = chan!(u32);
    thread::spawn({
        let ch = ch.clone();
        move || {
            // Waits as goroutines do, and then goes on.
            _ = chan!(u32).recv_timeout(A_WHILE);
            go!([ch] { send!(ch <- 1) });
        }
    });
    recv!(ch);
    println!("awake");
}

#[gochan::main]
fn kept_by_a_thread_pool_job() {
    let (jobs, queue) = mpsc::channel::<Chan<u32>>();
    thread::spawn(move || {
        for job in queue {
            thread::sleep(A_WHILE);
            send!(job <- 1);
        }
    });
    for _ in 0..2 {
        let ch = chan!(u32);
        jobs.send(ch.clone()).unwrap();
        recv!(ch);
    }
    println!("awake");
}

#[gochan::main]
fn kept_by_an_async_task() {
    let (start, ch) = (chan!(u32), chan!(u32));
    thread::spawn({
        let (start, ch) = (start.clone(), ch.clone());
        move || {
            pollster::block_on(async {
                let got = start.recv_async().await.unwrap();
                ch.send_async(got).await.unwrap();
            });
        }
    });
    sleep(A_WHILE);
    go!([start] {
        sleep(A_WHILE);
        send!(start <- 1)
    });
    recv!(ch);
    println!("awake");
}

#[gochan::main]
fn kept_by_a_computation() {
    let ch = chan!(u32);
    go!([ch] {
        let start = Instant::now();
        while start.elapsed() < A_WHILE {}
        send!(ch <- 1);
    });
    recv!(ch);
    println!("awake");
}

#[gochan::main]
fn kept_by_a_blocked_worker() {
    let ch = chan!(u32);
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    thread::spawn({
        let pair = pair.clone();
        move || {
            thread::sleep(A_WHILE);
            *pair.0.lock().unwrap() = true;
            pair.1.notify_all();
        }
    });
    go!([ch] {
        let guard = pair.0.lock().unwrap();
        drop(pair.1.wait_while(guard, |set| !*set).unwrap());
        send!(ch <- 1);
    });
    recv!(ch);
    println!("awake");
}

/// A process that writes into a pipe which a goroutine reads.
#[gochan::main]
fn kept_by_a_file() {
    let ch = chan!(usize);
    let mut child = std::process::Command::new("sleep")
        .arg("0.3")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("`sleep` is everywhere");
    let mut pipe = child.stdout.take().unwrap();
    go!([ch] {
        let mut text = String::new();
        send!(ch <- std::io::Read::read_to_string(&mut pipe, &mut text).unwrap());
    });
    recv!(ch);
    // gochan-lint: allow(blocking_io_in_goroutine) the child has ended
    child.wait().unwrap();
    println!("awake");
}

const ALIVE: [&str; 13] = [
    "kept_by_sleep",
    "kept_by_a_receive_with_timeout",
    "kept_by_select_with_timeout",
    "kept_by_an_alarm",
    "kept_by_blocking",
    "kept_by_blocking_that_waits",
    "kept_by_a_thread",
    "kept_by_a_thread_that_spawns",
    "kept_by_a_thread_pool_job",
    "kept_by_an_async_task",
    "kept_by_a_computation",
    "kept_by_a_blocked_worker",
    "kept_by_a_file",
];

#[test]
fn dl_02_nothing_is_called_while_somebody_could_still_act() {
    // Side by side: they sleep most of the time.
    thread::scope(|s| {
        for (name, workers) in ALIVE.into_iter().flat_map(|name| [(name, 1), (name, 2)]) {
            s.spawn(move || {
                let outcome = scenario(name).workers(workers).run();
                outcome.prints("awake\n");
                assert_eq!(outcome.stderr, "", "{name}");
            });
        }
    });
}

/// A token goes round, and whoever has it is the only one who could act: a goroutine, a thread, a blocking call, a
/// timer, an async task; for about as long as it takes to call a deadlock.
#[gochan::main]
fn kept_alive_in_turns() {
    let mut random = crate::common::seeded();
    let seed = random.seed;
    let ch = chan!(u64);
    for turn in 0..60 {
        let pause = Duration::from_micros(random.u64(0..60_000));
        let token = {
            let ch = ch.clone();
            move || ch.send(turn).unwrap()
        };
        match random.u8(0..8) {
            0 => drop(go!({
                sleep(pause);
                token();
            })),
            1 => drop(go!({
                blocking(|| thread::sleep(pause));
                token();
            })),
            2 => drop(thread::spawn(move || {
                thread::sleep(pause);
                token();
            })),
            3 => drop(after_func(pause, {
                let ch = ch.clone();
                move || ch.send(turn).unwrap()
            })),
            4 => {
                // A thread that waits with the others, until another one wakes it.
                let (wake, woken) = chan!(()).split();
                drop(thread::spawn(move || {
                    woken.recv();
                    token();
                }));
                drop(thread::spawn(move || {
                    thread::sleep(pause);
                    wake.send(()).unwrap();
                }));
            }
            5 => drop(thread::spawn(move || {
                thread::sleep(pause);
                go!({ token() }).join().unwrap();
            })),
            6 => {
                let (wake, woken) = chan!(()).split();
                drop(thread::spawn(move || {
                    pollster::block_on(async move { woken.recv_async().await });
                    token();
                }));
                drop(go!({
                    sleep(pause);
                    wake.send(()).unwrap();
                }));
            }
            _ => {
                // The main thread of a scope of threads, while a goroutine waits for the end.
                let (wake, woken) = chan!(()).split();
                drop(thread::spawn(move || {
                    thread::scope(|s| {
                        s.spawn(|| thread::sleep(pause));
                    });
                    drop(wake);
                }));
                drop(go!({
                    woken.recv();
                    token();
                }));
            }
        }
        assert_eq!(ch.recv(), Some(turn), "seed {seed}");
    }
    println!("awake");
}

#[test]
fn dl_02_whoever_is_the_only_one_who_could_act_keeps_the_program_alive() {
    thread::scope(|s| {
        for workers in [1, 2, 2, 3] {
            s.spawn(move || {
                let outcome = scenario("kept_alive_in_turns").workers(workers).run();
                outcome.prints("awake\n");
                assert_eq!(outcome.stderr, "");
            });
        }
    });
}

#[gochan::main]
fn main_returns_while_others_wait() -> ExitCode {
    for _ in 0..100 {
        go!({ recv!(Chan::<()>::nil()) });
    }
    gosched();
    ExitCode::from(3)
}

#[test]
fn dl_02_leaving_main_while_others_wait_for_ever_is_no_deadlock() {
    for workers in [1, 2] {
        for _ in 0..10 {
            let outcome = scenario("main_returns_while_others_wait").workers(workers).run();
            assert_eq!((outcome.code(), outcome.stderr.as_str()), (Some(3), ""), "{outcome:#?}");
        }
    }
}

fn report_is_switched_off() {
    let ended = Arc::new(AtomicBool::new(false));
    let stopper = go!([ended] {
        until(|| ended.load(SeqCst));
    });
    go!({ recv!(Chan::<()>::nil()) });
    until(|| num_goroutine() == 2);
    ended.store(true, SeqCst);
    stopper.join().unwrap();
    println!("waiting");
    thread::sleep(A_WHILE);
    println!("still there");
}

#[test]
fn dl_02_the_report_can_be_switched_off() {
    let outcome = scenario("report_is_switched_off").env("GOCHAN_DEADLOCK", "ignore").run();
    outcome.prints("waiting\nstill there\n");
    let outcome = super::deadlock::scenario("send_to_itself").env("GOCHAN_DEADLOCK", "perhaps").run();
    outcome.fails_saying(&["GOCHAN_DEADLOCK", "perhaps"]);
}
