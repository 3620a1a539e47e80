//! What a failing exploration tells of each operation, in any build: its name and the line of its caller. DL-08.

use gochan::context::background;
use gochan::prelude::*;
use gochan::sync::atomic::{AtomicU32, Ordering::SeqCst};
use gochan::sync::errgroup::Group;
use gochan::sync::{Cond, Lazy, Map, Mutex, Once, OnceCell, Pool, RwLock, Semaphore};
use gochan::time::{Ticker, Timer, after_func};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Duration;

use crate::common::panic_of;

/// The operations and lines that the body of [`story_of`] expects to be told.
static EXPECTED: StdMutex<Vec<(&str, u32)>> = StdMutex::new(Vec::new());

/// An operation, on the line of this macro's caller.
macro_rules! told {
    ($name:literal, $operation:expr) => {{
        EXPECTED.lock().unwrap().push(($name, line!()));
        $operation
    }};
}

/// The steps of a body that leaves a goroutine behind, so that it fails.
fn story_of(body: fn()) -> (Vec<(&'static str, u32)>, String) {
    // The failing run is repeated: of both, the same is expected.
    static ONE_BY_ONE: StdMutex<()> = StdMutex::new(());
    let _alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    EXPECTED.lock().unwrap().clear();
    let text = panic_of(move || {
        gochan::__private::Test::new().explore(1).run(move || {
            go!({ Chan::<()>::nil().recv() });
            body();
        });
    });
    let (_, story) = text.split_once("in this order:\n").expect("the story is told");
    (EXPECTED.lock().unwrap().clone(), story.to_owned())
}

#[track_caller]
fn tells_each(body: fn()) {
    let (expected, story) = story_of(body);
    assert!(!expected.is_empty());
    for (name, line) in expected {
        let step = format!("  {name} at {}:{line}:", file!());
        assert!(story.contains(&step), "no {step:?} in\n{story}");
    }
    assert!(!story.contains("gochan/src"), "a place of the crate's own in\n{story}");
    assert!(!story.contains("an operation"), "an operation without a name in\n{story}");
}

#[test]
fn dl_08_operations_on_channels_have_names_and_lines() {
    tells_each(|| {
        let ch = chan!(u32, 4);
        told!("send", send!(ch <- 1));
        told!("send", ch.send(2).unwrap());
        told!("send", ch.send_timeout(3, Duration::from_secs(1)).unwrap());
        told!("try_send", ch.try_send(4).unwrap());
        told!("try_send", ch.try_send(5).unwrap_err());
        told!("recv", recv!(ch));
        told!("recv", ch.recv());
        told!("recv", ch.recv_timeout(Duration::from_secs(1)).unwrap());
        told!("try_recv", ch.try_recv().unwrap());
        told!("try_recv", ch.try_recv().unwrap_err());
        told!("len", ch.len());
        told!("is_empty", ch.is_empty());
        told!("is_full", ch.is_full());
        told!("is_closed", ch.is_closed());
        told!("send", send!(ch.sender() <- 1));
        told!("recv", recv!(ch.receiver()));
        told!("close", close!(ch));
        told!("recv", for _ in &ch {});
        told!("try_recv", for _ in ch.try_iter() {});
    });
}

#[test]
#[rustfmt::skip] // The lines count.
fn dl_08_selects_have_names_and_lines() {
    tells_each(|| {
        let (ch, other) = (chan!(u32, 1), chan!(String, 1));
        told!("select", select! { ch <- 1 => {}, _ = <-other => {} });
        told!("select", select! { _ = <-ch => {}, _ = <-other => {} });
        told!("select", select! { _ = <-ch => {}, default => {} });
        told!("select", select! { _ = <-ch => {}, _ = <-other => {}, default => {} });
        told!("select", select! { other <- String::new() => {}, default => {} });
        let off = Chan::<u32>::nil();
        told!("select", select! { _ = <-off => {}, default => {} });
        let mut select = gochan::Select::new();
        select.recv(&ch);
        told!("select", drop(select.try_wait()));
        drop(select);
        go!([ch] { ch.send(1) });
        let limit = Duration::from_secs(1);
        told!("select", select! { _ = <-ch => {}, <-after(limit) => {} });
    });
}

#[test]
fn dl_08_operations_of_sync_have_names_and_lines() {
    tells_each(|| {
        let mutex = Mutex::new(0);
        told!("Mutex::lock", drop(mutex.lock()));
        told!("Mutex::try_lock", drop(mutex.try_lock()));
        let lock = RwLock::new(0);
        told!("RwLock::read", drop(lock.read()));
        told!("RwLock::write", drop(lock.write()));
        told!("RwLock::try_read", drop(lock.try_read()));
        told!("RwLock::try_write", drop(lock.try_write()));
        let cond = Cond::new();
        told!("Cond::signal", cond.signal());
        told!("Cond::broadcast", cond.broadcast());
        let once = Once::new();
        told!("Once::call_once", once.call_once(|| {}));
        told!("Once::is_completed", once.is_completed());
        let cell = OnceCell::new();
        told!("OnceCell::get", cell.get());
        told!("OnceCell::set", cell.set(1).unwrap());
        let cell = OnceCell::new();
        told!("OnceCell::get_or_init", cell.get_or_init(|| 2));
        let lazy = Lazy::new(|| 1);
        told!("OnceCell::get_or_init", _ = *lazy);
        let count = AtomicU32::new(0);
        told!("AtomicU32::load", count.load(SeqCst));
        told!("AtomicU32::fetch_add", count.fetch_add(1, SeqCst));
        let map = Map::new();
        told!("Map::store", map.store(1, 1));
        told!("Map::load", map.load(&1));
        told!("Map::len", map.len());
        let pool = Pool::new(String::new);
        told!("Pool::put", pool.put(String::new()));
        told!("Pool::get", drop(pool.get()));
        told!("Pool::get", _ = pool.lease().len());
        let semaphore = Semaphore::new(2);
        told!("Semaphore::acquire", semaphore.acquire(&background(), 1).unwrap());
        told!("Semaphore::try_acquire", semaphore.try_acquire(1));
        told!("Semaphore::release", semaphore.release(2));
        told!("Semaphore::acquire", drop(semaphore.permit(&background(), 1).unwrap()));
    });
}

#[test]
fn dl_08_operations_on_goroutines_groups_and_contexts_have_names_and_lines() {
    tells_each(|| {
        let wg = WaitGroup::new();
        told!("WaitGroup::add", wg.add(1));
        told!("WaitGroup::done", wg.done());
        told!("WaitGroup::wait", wg.wait());
        told!("WaitGroup::go", drop(wg.go(|| {})));
        wg.wait();
        let handle = told!("go", go!({ 1 }));
        told!("JoinHandle::is_finished", handle.is_finished());
        told!("JoinHandle::join", handle.join().unwrap());
        told!("gosched", gochan::runtime::gosched());
        told!("num_goroutine", gochan::runtime::num_goroutine());
        told!("blocking", gochan::blocking(|| {}));
        told!("Scope::go", gochan::scope(|scope| drop(scope.go(|| {}))));
        let (ctx, cancel) = background().with_cancel();
        told!("Context::err", ctx.err());
        told!("Context::err", ctx.check().unwrap());
        let stop = told!("Context::after_func", ctx.after_func(|| {}));
        told!("StopHandle::stop", stop.stop());
        told!("CancelHandle::cancel", cancel.cancel());
        told!("Context::err", ctx.err());
        told!("Context::err", ctx.cause());
        let timer = Timer::new(Duration::from_secs(1));
        told!("Timer::stop", timer.stop());
        told!("Timer::reset", timer.reset(Duration::from_secs(1)));
        let ticker = Ticker::new(Duration::from_secs(1));
        told!("Ticker::reset", ticker.reset(Duration::from_secs(2)));
        told!("Ticker::stop", ticker.stop());
        let func = after_func(Duration::from_secs(1), || {});
        told!("FuncTimer::reset", func.reset(Duration::from_secs(2)));
        told!("FuncTimer::stop", func.stop());
    });
}

#[test]
fn dl_08_operations_of_an_errgroup_have_names_and_lines() {
    // The ends of its tasks are nobody's lines.
    let (expected, story) = story_of(|| {
        let group = Group::<String>::new();
        told!("Group::go", group.go(|| Ok(())));
        told!("Group::try_go", group.try_go(|| Ok(())));
        told!("Group::wait", group.wait().unwrap());
    });
    for (name, line) in expected {
        assert!(
            story.contains(&format!("  {name} at {}:{line}:", file!())),
            "no {name} at {line} in\n{story}"
        );
    }
}

/// The line of the drop, where the build can tell it, or else that of what the goroutine did before.
#[test]
fn dl_08_destructors_are_named_with_the_line_or_with_what_was_before_it() {
    let (expected, story) = story_of(|| {
        let semaphore = Semaphore::new(1);
        let permit = told!("drop of Permit", semaphore.permit(&background(), 1).unwrap());
        drop(permit);
        let pool = Pool::new(String::new);
        told!("drop of Lease", drop(pool.lease()));
        let (sender, receiver) = chan!(u32, 1).split();
        told!("drop of the last sender", sender.send(1).unwrap());
        drop(sender);
        told!("drop of the last receiver", receiver.len());
        drop(receiver);
        let (ctx, cancel) = background().with_cancel();
        told!("drop of the last CancelHandle", ctx.check().unwrap());
        drop(cancel);
        told!("end of with_context!", with_context!(ctx = background().with_cancel() => { _ = ctx.err() }));
    });
    for (name, line) in expected {
        let before = format!("  {name}, after {}:{line}:", file!());
        let at = [line, line + 1].map(|line| format!("  {name} at {}:{line}:", file!()));
        assert!(
            story.contains(&before) || at.iter().any(|at| story.contains(at)),
            "no {name:?} at {line} in\n{story}"
        );
    }
    assert!(!story.contains("gochan/src"), "a place of the crate's own in\n{story}");
}

/// The line of a call in a macro is that of the macro's caller.
#[test]
fn dl_08_what_a_macro_of_the_user_does_has_the_line_that_the_compiler_gives_it() {
    macro_rules! push {
        ($ch:ident) => {
            $ch.send(1).unwrap()
        };
    }
    tells_each(|| {
        let ch = chan!(u32, 2);
        told!("send", push!(ch));
    });
}
