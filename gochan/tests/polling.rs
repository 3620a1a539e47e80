//! Who looks, in a loop and without waiting, at what a goroutine of the same worker is to change, sees it change.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::process::{scenario, scenarios};
use gochan::prelude::*;
use gochan::runtime::num_goroutine;
use gochan::sync::atomic::{AtomicBool, Ordering::Relaxed};
use gochan::sync::{Cond, Map, Mutex, Once, OnceCell, RwLock, Semaphore};

scenarios!(looks, everybody_looks);

/// Each waits for somebody else without saying so to the runtime.
const LOOKS: [(&str, fn()); 20] = [
    ("Chan::len", || {
        let ch = chan!(u32, 3);
        go!([ch] { (0..3).for_each(|n| send!(ch <- n)) });
        while ch.len() < 3 {}
    }),
    ("Chan::is_closed", || {
        let ch = chan!(u32);
        go!([ch] { close!(ch) });
        while !ch.is_closed() {}
    }),
    ("Chan::try_recv", || {
        let ch = chan!(u32, 1);
        go!([ch] { send!(ch <- 1) });
        while ch.try_recv().is_err() {}
    }),
    ("select! with default", || {
        let ch = chan!(u32, 1);
        go!([ch] { send!(ch <- 1) });
        while select! { <-ch => false, default => true } {}
    }),
    ("JoinHandle::is_finished", || {
        let handle = go!({});
        while !handle.is_finished() {}
    }),
    ("num_goroutine", || {
        drop(go!({}));
        while num_goroutine() > 1 {}
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
    ("Mutex::lock", || {
        let flag = Arc::new(Mutex::new(false));
        go!([flag] { *flag.lock() = true });
        while !*flag.lock() {}
    }),
    ("Mutex::try_lock", || {
        let flag = Arc::new(Mutex::new(false));
        go!([flag] { *flag.lock() = true });
        while !flag.try_lock().is_some_and(|flag| *flag) {}
    }),
    ("RwLock::read", || {
        let flag = Arc::new(RwLock::new(false));
        go!([flag] { *flag.write() = true });
        while !*flag.read() {}
    }),
    ("RwLock::write", || {
        let flag = Arc::new(RwLock::new(false));
        go!([flag] { *flag.write() = true });
        while !*flag.write() {}
    }),
    ("RwLock::try_read", || {
        let flag = Arc::new(RwLock::new(false));
        go!([flag] { *flag.write() = true });
        while !flag.try_read().is_some_and(|flag| *flag) {}
    }),
    ("Once::is_completed", || {
        let once = Arc::new(Once::new());
        go!([once] { once.call_once(|| {}) });
        while !once.is_completed() {}
    }),
    ("OnceCell::get", || {
        let cell = Arc::new(OnceCell::new());
        go!([cell] { cell.set(1).unwrap() });
        while cell.get().is_none() {}
    }),
    ("Map::load", || {
        let map = Arc::new(Map::new());
        go!([map] { map.store(1, 1) });
        while map.load(&1).is_none() {}
    }),
    ("Semaphore::try_acquire", || {
        let semaphore = Arc::new(Semaphore::new(1));
        assert!(semaphore.try_acquire(1));
        go!([semaphore] { semaphore.release(1) });
        while !semaphore.try_acquire(1) {}
    }),
    ("Cond::signal", || {
        let (flag, changed, woken) = (Mutex::new(()), Cond::new(), AtomicBool::new(false));
        gochan::scope(|s| {
            s.go(|| {
                drop(changed.wait(flag.lock()));
                woken.store(true, Relaxed);
            });
            while !woken.load(Relaxed) {
                changed.signal();
            }
        });
    }),
    ("an atomic", || {
        let flag = Arc::new(AtomicBool::new(false));
        go!([flag] { flag.store(true, Relaxed) });
        while !flag.load(Relaxed) {}
    }),
];

#[gochan::main]
fn looks() {
    for (name, look) in LOOKS {
        println!("{name}");
        look();
    }
}

#[test]
fn go_09_who_looks_in_a_loop_lets_the_others_of_its_worker_run() {
    let names: String = LOOKS.iter().map(|(name, _)| format!("{name}\n")).collect();
    scenario("looks").workers(1).run().prints(&names);
}

/// As many that look as there are workers, so that nobody else could run what they look for.
#[gochan::main]
fn everybody_looks() {
    let (ctx, cancel) = background().with_cancel();
    let flag = Arc::new(Mutex::new(false));
    let lookers: Vec<_> = (0..common::workers())
        .map(|_| go!([ctx, flag] { while ctx.err().is_none() || !*flag.lock() {} }))
        .collect();
    let setter = go!([flag] { *flag.lock() = true });
    gochan::time::sleep(Duration::from_millis(20));
    cancel.cancel();
    setter.join().unwrap();
    lookers.into_iter().for_each(|looker| looker.join().unwrap());
}

#[test]
fn go_09_as_many_that_look_as_there_are_workers_keep_nobody_from_running() {
    for workers in [1, 2] {
        scenario("everybody_looks").workers(workers).run().prints("");
    }
}
