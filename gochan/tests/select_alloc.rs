//! Row SE-24, and the half of SE-14 that is about memory: what a select allocates. A binary of its own, as it counts
//! everything that the process allocates.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering::*};

use common::{on_threads, until_waiting, watchdog};
use gochan::prelude::*;

/// The system's allocator, with the calls and the bytes in use counted.
struct Counting;

thread_local! {
    /// How often this thread has allocated. A goroutine stays on its thread, so this is what it shares with the
    /// rest of the worker; the test harness and its other threads allocate when they like.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

static IN_USE: AtomicI64 = AtomicI64::new(0);

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        IN_USE.fetch_add(layout.size() as i64, Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as i64, Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        IN_USE.fetch_add(size as i64 - layout.size() as i64, Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time: the counts are the process's.
static ALONE: Mutex<()> = Mutex::new(());

/// How often the thread allocates while `f` runs.
fn allocations(f: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    f();
    CALLS.get() - before
}

/// Runs `f` in a goroutine that lends it a frame, and returns what it returns.
fn in_goroutine<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    go!({ f() }).join().unwrap_or_else(|payload| panic!("{}", common::message(&*payload)))
}

const TURNS: u32 = 1000;

#[test]
fn se_24_the_count_sees_an_allocation() {
    let _alone = ALONE.lock();
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn se_24_a_select_of_eight_arms_that_finds_one_ready_allocates_nothing() {
    let _watchdog = watchdog();
    let _alone = ALONE.lock();
    let select_all = || {
        let channels = [(); 8].map(|()| chan!(u32, 1));
        let [a, b, c, d, e, f, g, h] = &channels;
        let job = 5;
        // Once before the count: a thread's first draw may set things up.
        let turn = |number: u32| {
            channels.iter().step_by(2).for_each(|ch| assert!(ch.try_send(number).is_ok()));
            for _ in 0..8 {
                select! {
                    v = <-a => assert_eq!(v, number),
                    b <- job => {}
                    Some(v) = <-c => assert_eq!(v, number),
                    r = d <- job + 1 => r.unwrap(),
                    v, ok = <-e => assert!(ok && v == number),
                    f <- number => {}
                    <-g => {}
                    h <- { number } => {}
                }
            }
            channels.iter().for_each(|ch| _ = ch.try_recv());
        };
        turn(0);
        allocations(|| (1..TURNS).for_each(turn))
    };
    assert_eq!(in_goroutine(select_all), 0, "in a goroutine");
    assert_eq!(select_all(), 0, "in a thread");
}

#[test]
fn se_24_a_select_of_eight_arms_that_takes_default_or_else_allocates_nothing() {
    let _watchdog = watchdog();
    let _alone = ALONE.lock();
    let select_none = || {
        let channels = [(); 8].map(|()| chan!(u32));
        let [a, b, c, d, e, f, g, h] = &channels;
        let turn = |number: u32| {
            select! {
                <-a => unreachable!(), b <- number => unreachable!(), <-c => unreachable!(),
                d <- number => unreachable!(), <-e => unreachable!(), f <- 1 => unreachable!(),
                <-g => unreachable!(), h <- 2 => unreachable!(), default => {}
            }
            select! { <-a, if false => unreachable!(), b <- number, if false => unreachable!(), else => {} }
        };
        turn(0);
        allocations(|| (1..TURNS).for_each(turn))
    };
    assert_eq!(in_goroutine(select_none), 0, "in a goroutine");
    assert_eq!(select_none(), 0, "in a thread");
}

#[test]
fn se_24_a_select_of_eight_arms_that_waits_and_is_woken_allocates_nothing() {
    let _watchdog = watchdog();
    let _alone = ALONE.lock();
    let channels = [(); 8].map(|()| chan!(u32));
    let done = chan!(());
    let selecting = go!([channels, done] {
        let [a, b, c, d, e, f, g, h] = channels;
        let turn = |number: u32| {
            select! {
                v = <-a => assert_eq!(v, number),
                b <- number => {}
                Some(v) = <-c => assert_eq!(v, number),
                r = d <- number => r.unwrap(),
                v, ok = <-e => assert!(ok && v == number),
                f <- number + 1 => {}
                <-g => {}
                h <- number => {}
            }
            send!(done <- ());
        };
        (0..TURNS).for_each(turn);
        allocations(|| (TURNS..2 * TURNS).for_each(turn))
    });
    let partner = go!([channels, done] {
        let turn = |number: u32| {
            let ch = &channels[number as usize % 8];
            if number.is_multiple_of(2) { send!(ch <- number) } else { _ = recv!(ch) }
            recv!(done);
        };
        (0..TURNS).for_each(turn);
        allocations(|| (TURNS..2 * TURNS).for_each(turn))
    });
    assert_eq!((selecting.join().unwrap(), partner.join().unwrap()), (0, 0));
}

#[test]
fn se_14_a_million_selects_do_not_grow_the_memory() {
    let _watchdog = watchdog();
    let _alone = ALONE.lock();
    let (busy, quiet, gone) = (chan!(u32), chan!(u32), chan!(u32, 1));
    let turns: u32 = if on_threads() { 20_000 } else { 1_000_000 };
    let receiver = go!([busy, quiet, gone] {
        let mut sum = 0_u64;
        loop {
            // Waits each time, and leaves the queues of the other two.
            select! {
                Some(v) = <-busy else { return sum } => sum += u64::from(v),
                v = <-quiet => unreachable!("{v}"),
                v = <-gone => unreachable!("{v}"),
            }
        }
    });
    until_waiting(&receiver);
    in_goroutine({
        let busy = busy.clone();
        move || (0..1000).for_each(|number| send!(busy <- number))
    });
    let before = IN_USE.load(SeqCst);
    in_goroutine({
        let busy = busy.clone();
        move || (0..turns).for_each(|number| send!(busy <- number))
    });
    until_waiting(&receiver);
    let grown = IN_USE.load(SeqCst) - before;
    close!(busy);
    assert_eq!(receiver.join().unwrap(), 499_500 + u64::from(turns) * u64::from(turns - 1) / 2);
    // A goroutine's remains may still be on their way; a word for each select would be megabytes.
    assert!(grown < 16 * 1024, "{grown} bytes more in use after {turns} selects");
}
