//! Rows TM: what timers cost, and when that is given back. Counted on the test's own thread, which is the one that makes
//! and drops the timers.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use common::{seeded, watchdog};
use gochan::prelude::*;
use gochan::time::{Ticker, Timer, after_func};

const FAR: Duration = Duration::from_secs(3600);
const MANY: usize = 50_000;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that is ending has no counters any more.
    let _ = LIVE.try_with(|live| live.set(live.get() + bytes));
    if bytes > 0 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
    }
}

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What `f` has allocated on this thread: how often, and how many bytes are still there.
fn cost<R>(f: impl FnOnce() -> R) -> (usize, isize, R) {
    let (allocations, live) = (ALLOCATIONS.get(), LIVE.get());
    let result = f();
    (ALLOCATIONS.get() - allocations, LIVE.get() - live, result)
}

/// The runtime starts, this thread waits for the first time, and both keep what they need.
fn warm_up() {
    assert!(after_func(FAR, || ()).stop());
    assert!(after(FAR).recv_timeout(Duration::from_micros(10)).is_err());
    // On a loaded machine that was over before it began: this one succeeds with somebody who waits only.
    let ch = chan!(());
    go!([ch] { while ch.try_send(()).is_err() {} });
    recv!(ch);
}

#[test]
fn tm_02_after_is_one_allocation_and_gone_when_dropped() {
    let _watchdog = watchdog();
    warm_up();
    let (allocations, live, channel) = cost(|| after(FAR));
    assert_eq!(allocations, 1);
    assert!((1..=256).contains(&live), "{live} bytes");
    assert_eq!(cost(move || drop(channel)).1, -live);
}

#[test]
fn tm_02_waiting_for_a_timer_leaves_nothing_behind() {
    let _watchdog = watchdog();
    warm_up();
    let (_, live, ()) = cost(|| {
        for _ in 0..100 {
            let channel = after(FAR);
            assert!(channel.recv_timeout(Duration::from_micros(10)).is_err());
            assert!(after(Duration::from_micros(10)).recv().is_some());
        }
    });
    assert_eq!(live, 0);
}

#[test]
fn tm_02_a_future_that_is_dropped_takes_its_alarm_along() {
    let _watchdog = watchdog();
    warm_up();
    let poll_and_drop = || {
        let channel = after(FAR);
        let mut receive = pin!(channel.recv_async());
        assert!(receive.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    poll_and_drop();
    let (_, live, ()) = cost(|| (0..1_000).for_each(|_| poll_and_drop()));
    assert_eq!(live, 0);
}

#[test]
fn tm_04_resets_and_stops_cost_nothing() {
    let _watchdog = watchdog();
    let (timer, ticker) = (Timer::new(FAR), Ticker::new(FAR));
    let (allocations, _, ()) = cost(|| {
        for _ in 0..1_000 {
            assert!(timer.reset(FAR) && ticker.reset(FAR));
            assert!(timer.stop() && ticker.stop());
            timer.reset(FAR);
            ticker.reset(FAR);
        }
    });
    assert_eq!(allocations, 0);
}

#[test]
fn tm_06_stopped_functions_are_gone_at_once_in_any_order() {
    let _watchdog = watchdog();
    warm_up();
    let mut random = seeded();
    let mut timers = Vec::with_capacity(MANY);
    let (_, live, ()) = cost(|| {
        timers.extend((0..MANY).map(|_| after_func(FAR + Duration::from_secs(random.u64(..100)), || ())));
    });
    assert!(live > 0);
    random.shuffle(&mut timers);
    let (_, freed, ()) = cost(|| {
        for timer in timers.drain(..) {
            assert!(timer.stop());
        }
    });
    // The runtime keeps what few timers need.
    assert!(live + freed <= 64 * 1024, "{live} bytes made, {freed} freed, seed {}", random.seed);
}

#[test]
fn tm_06_resets_of_a_function_do_not_pile_up() {
    let _watchdog = watchdog();
    warm_up();
    let timer = after_func(FAR, || ());
    let (_, live, ()) = cost(|| assert!((0..MANY).all(|_| timer.reset(FAR))));
    assert!(live <= 4 * 1024, "{live} bytes");
}
