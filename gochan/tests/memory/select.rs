//! Row SE-24, and the half of SE-14 that is about memory: what a select allocates.

use crate::common::{on_threads, until_waiting};
use crate::counting::{alone, cost, in_use};
use gochan::prelude::*;

/// How often the thread allocates while `f` runs.
fn allocations(f: impl FnOnce()) -> usize {
    cost(f).0
}

/// Runs `f` in a goroutine that lends it a frame, and returns what it returns.
fn in_goroutine<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    go!({ f() }).join().unwrap_or_else(|payload| panic!("{}", crate::common::message(&*payload)))
}

const TURNS: u32 = 1000;

#[test]
fn se_24_the_count_sees_an_allocation() {
    let _alone = alone();
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn se_24_a_select_of_eight_arms_that_finds_one_ready_allocates_nothing() {
    let _alone = alone();
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
    let _alone = alone();
    let select_none = || {
        let channels = [(); 8].map(|()| chan!(u32));
        let [a, b, c, d, e, f, g, h] = &channels;
        let turn = |number: u32| {
            select! {
                <-a => unreachable!(),
                b <- number => unreachable!(),
                <-c => unreachable!(),
                d <- number => unreachable!(),
                <-e => unreachable!(),
                f <- 1 => unreachable!(),
                <-g => unreachable!(),
                h <- 2 => unreachable!(),
                default => {}
            }
            select! {
                <-a, if false => unreachable!(),
                b <- number, if false => unreachable!(),
                else => {}
            }
        };
        turn(0);
        allocations(|| (1..TURNS).for_each(turn))
    };
    assert_eq!(in_goroutine(select_none), 0, "in a goroutine");
    assert_eq!(select_none(), 0, "in a thread");
}

#[test]
fn se_24_a_select_of_eight_arms_that_waits_and_is_woken_allocates_nothing() {
    let _alone = alone();
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
            if number.is_multiple_of(2) {
                send!(ch <- number);
            } else {
                _ = recv!(ch);
            }
            recv!(done);
        };
        (0..TURNS).for_each(turn);
        allocations(|| (TURNS..2 * TURNS).for_each(turn))
    });
    assert_eq!((selecting.join().unwrap(), partner.join().unwrap()), (0, 0));
}

#[test]
fn se_14_a_million_selects_do_not_grow_the_memory() {
    let _alone = alone();
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
    let before = in_use();
    in_goroutine({
        let busy = busy.clone();
        move || (0..turns).for_each(|number| send!(busy <- number))
    });
    until_waiting(&receiver);
    let grown = in_use() - before;
    close!(busy);
    assert_eq!(receiver.join().unwrap(), 499_500 + u64::from(turns) * u64::from(turns - 1) / 2);
    // A goroutine's remains may still be on their way; a word for each select would be megabytes.
    assert!(grown < 16 * 1024, "{grown} bytes more in use after {turns} selects");
}
