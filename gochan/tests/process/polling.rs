//! Loops that wait for another goroutine without waiting: which of them let that goroutine run, and what becomes of the
//! others.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool as StdBool, AtomicU32};
use std::time::{Duration, Instant};

use crate::common::on_threads;
use crate::common::process::scenarios;
use gochan::prelude::*;
use gochan::runtime::{gosched, num_goroutine};
use gochan::sync::atomic::{AtomicBool, Ordering::Relaxed};
use gochan::sync::{Cond, Lazy, Map, Mutex, Once, OnceCell, Pool, RwLock, Semaphore};

scenarios!(
    polls,
    everybody_polls,
    nothing_switches,
    stands_still_at_is_finished,
    tasks_of_one_thread,
    stands_still_at_a_lock,
    stands_still_at_len
);

/// Loops live on these: once the turn has been a long one, they let the others of the worker run.
const POLLS: [(&str, fn()); 6] = [
    ("select! with default", || {
        let ch = chan!(u32, 1);
        go!([ch] { send!(ch <- 1) });
        while select! {
            <-ch => false,
            default => true,
        } {}
    }),
    ("Context::err", || {
        let (ctx, cancel) = background().with_cancel();
        go!({ cancel.cancel() });
        while ctx.err().is_none() {}
    }),
    ("Context::check until a deadline", || {
        let (ctx, _cancel) = background().with_timeout(Duration::from_millis(5));
        while ctx.check().is_ok() {}
    }),
    ("Context::cause", || {
        let (ctx, cancel) = background().with_cancel();
        go!({ cancel.cancel() });
        while ctx.cause().is_none() {}
    }),
    ("go!", || {
        let done = Arc::new(StdBool::new(false));
        while !done.load(Relaxed) {
            go!([done] { done.store(true, Relaxed) });
        }
    }),
    ("gosched", || {
        let flag = Arc::new(StdBool::new(false));
        go!([flag] { flag.store(true, Relaxed) });
        while !flag.load(Relaxed) {
            gosched();
        }
    }),
];

#[gochan::main]
fn polls() {
    for (name, poll) in POLLS {
        println!("{name}");
        poll();
    }
}

#[test]
fn go_09_a_loop_that_polls_lets_the_others_of_its_worker_run() {
    let names: String = POLLS.iter().map(|(name, _)| format!("{name}\n")).collect();
    scenario("polls").workers(1).run().prints(&names);
}

/// As many that poll as there are workers, so that nothing else could run what they wait for.
#[gochan::main]
fn everybody_polls() {
    let (ctx, cancel) = background().with_cancel();
    let pollers: Vec<_> =
        (0..crate::common::workers()).map(|_| go!([ctx] { while ctx.err().is_none() {} })).collect();
    gochan::time::sleep(Duration::from_millis(20));
    cancel.cancel();
    pollers.into_iter().for_each(|poller| poller.join().unwrap());
}

#[test]
fn go_09_as_many_that_poll_as_there_are_workers_keep_nobody_from_running() {
    for workers in [1, 2] {
        scenario("everybody_polls").workers(workers).run().prints("");
    }
}

fn ignore<T>(_: T) {}

/// An operation and its name.
type Operation = (&'static str, Box<dyn FnMut()>);

/// Operations that are documented as never waiting, here where they need not.
fn operations() -> Vec<Operation> {
    fn named(name: &'static str, operation: impl FnMut() + 'static) -> (&'static str, Box<dyn FnMut()>) {
        (name, Box::new(operation))
    }
    let full = chan!(u32, 1);
    send!(full <- 1);
    let (empty, room) = (chan!(u32), chan!(u32, 1));
    let (closed, unbuffered) = (chan!(u32), chan!(u32));
    close!(closed);
    let handle = go!([empty] { empty.recv() });
    let (mutex, rwlock, once, cell) = (Mutex::new(0), RwLock::new(0), Once::new(), OnceCell::<u32>::new());
    let (cond, map, atomic) = (Cond::new(), Map::new(), AtomicBool::new(false));
    let (semaphore, pool, wg) = (Semaphore::new(2), Pool::new(|| 1), WaitGroup::new());
    let lazy: Lazy<u32> = Lazy::new(|| 1);
    let timer = gochan::time::Timer::new(Duration::from_secs(3600));
    let ended = background().with_cancel().0;
    let (a, b, c, d, e) = (full.clone(), full.clone(), full.clone(), closed.clone(), full.clone());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    vec![
        named("try_send to a full channel", move || ignore(a.try_send(1))),
        named("try_recv from a channel that has nothing", move || ignore(unbuffered.try_recv())),
        named("try_send and try_recv", move || ignore((room.try_send(1), room.try_recv()))),
        named("len", move || ignore(b.len())),
        named("is_empty, is_full, is_closed", move || ignore((c.is_empty(), c.is_full(), c.is_closed()))),
        named("close", move || ignore(d.close())),
        named("clone, Debug and drop of a handle", move || ignore((format!("{e:?}"), e.clone()))),
        named("a channel that is made and dropped", || ignore(chan!(u32, 1))),
        named("polls of futures", move || {
            let mut receive = std::pin::pin!(empty.recv_async());
            ignore(receive.as_mut().poll(&mut context));
        }),
        named("JoinHandle::is_finished", move || ignore(handle.is_finished())),
        named("num_goroutine", || ignore(num_goroutine())),
        named("WaitGroup::add and done", move || {
            wg.add(1);
            wg.done();
        }),
        named("Mutex::lock", move || *mutex.lock() += 1),
        named("RwLock::read and write", move || {
            let before = *rwlock.read();
            *rwlock.write() = before + 1;
        }),
        named("Once::is_completed", move || ignore(once.is_completed())),
        named("OnceCell::get", move || ignore(cell.get().is_some())),
        named("Lazy", move || assert_eq!(*lazy, 1)),
        named("Cond::signal and broadcast", move || {
            cond.signal();
            cond.broadcast();
        }),
        named("Map", move || {
            map.store(1, 1);
            assert_eq!((map.load(&1), map.len()), (Some(1), 1));
        }),
        named("an atomic", move || ignore(atomic.swap(true, Relaxed))),
        named("Semaphore::try_acquire", move || {
            assert!(semaphore.try_acquire(1) && !semaphore.try_acquire(2));
            semaphore.release(1);
        }),
        named("Pool", move || pool.put(pool.get())),
        named("Timer::reset and stop", move || ignore((timer.reset(Duration::from_secs(60)), timer.stop()))),
        named("a context that is made and cancelled", move || {
            let (ctx, cancel) = ended.with_value(1_u8).with_cancel();
            cancel.cancel();
            assert!(ctx.err().is_some());
        }),
    ]
}

#[gochan::main]
fn nothing_switches() {
    for (name, mut operation) in operations() {
        let others = Arc::new(AtomicU32::new(0));
        for _ in 0..3 {
            go!([others] {
                others.fetch_add(1, Relaxed);
            });
        }
        let before = others.load(Relaxed);
        // More than a budget, and long enough for the monitor to find the turn long.
        let start = Instant::now();
        let mut times = 0;
        while times < 2000 || start.elapsed() < Duration::from_millis(30) {
            operation();
            times += 1;
        }
        assert_eq!(others.load(Relaxed), before, "{name} has let other goroutines run");
        gosched();
        assert_eq!(others.load(Relaxed), 3, "gosched lets them run");
    }
}

#[test]
fn go_25_what_does_not_wait_does_not_switch() {
    if !on_threads() {
        scenario("nothing_switches").workers(1).run().prints("");
    }
}

/// Each runs a task to its end in an executor of its thread, which another of the thread must not enter meanwhile. The
/// operations of the task need not wait, and there are more of them than the budget has.
#[gochan::main]
fn tasks_of_one_thread() {
    thread_local!(static IS_ENTERED: Cell<bool> = const { Cell::new(false) });
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            go!({
                assert!(!IS_ENTERED.replace(true), "an executor within another");
                // gochan-lint: allow(foreign_block_on) what the test is about
                pollster::block_on(async {
                    let ch = chan!(u32, 1);
                    for n in 0..1000 {
                        ch.send_async(n).await.unwrap();
                        assert_eq!(ch.recv_async().await, Some(n));
                    }
                });
                IS_ENTERED.set(false);
            })
        })
        .collect();
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

#[test]
fn go_25_the_executors_of_two_goroutines_do_not_mix() {
    scenario("tasks_of_one_thread").workers(1).run().prints("");
}

/// Polls for what only another goroutine of the worker can bring about, for longer than it takes to be reported.
fn stand_still(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < Duration::from_millis(1800) {}
}

#[gochan::main]
fn stands_still_at_is_finished() {
    let handle = go!({});
    println!("{}", line!() + 1);
    stand_still(|| handle.is_finished());
}

#[gochan::main]
fn stands_still_at_a_lock() {
    let flag = Arc::new(Mutex::new(false));
    let setter = go!([flag] {
        gochan::time::sleep(Duration::from_millis(1));
        *flag.lock() = true;
    });
    gosched();
    println!("{}", line!() + 1);
    stand_still(|| *flag.lock());
    setter.join().unwrap();
}

#[gochan::main]
fn stands_still_at_len() {
    let ch = chan!(u32, 3);
    go!([ch] { (0..3).for_each(|n| send!(ch <- n)) });
    println!("{}", line!() + 1);
    stand_still(|| ch.len() == 3);
}

#[test]
fn go_25_a_loop_of_operations_that_never_wait_is_reported_with_its_line() {
    if on_threads() {
        return;
    }
    for (name, operation) in [
        ("stands_still_at_is_finished", "JoinHandle::is_finished"),
        ("stands_still_at_a_lock", "Mutex::lock"),
        ("stands_still_at_len", "len"),
    ] {
        let outcome = scenario(name).workers(1).run();
        assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
        let place = format!("calls {operation} at {}:{}:", file!(), outcome.stdout.trim());
        assert!(outcome.stderr.contains(&place), "{place} in {outcome:#?}");
        assert!(outcome.stderr.contains("runtime::gosched()"), "{outcome:#?}");
        assert_eq!(outcome.stderr.matches("never waits").count(), 1, "{outcome:#?}");
    }
}
