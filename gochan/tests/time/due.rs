//! Row TM-11: what is received from a timer or ticker is the moment it was due, however late the receive.
//!
//! The expectations were printed by Go programs (Go 1.27) that do the same in real time.

use std::thread;
use std::time::{Duration, Instant};

use crate::common::{MOMENT, watchdog};
use gochan::Select;
use gochan::prelude::*;
use gochan::time::{self, Ticker, Timer, sleep, tick};
use pollster::block_on;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn sleep_until(time: Instant) {
    sleep(time.saturating_duration_since(time::now()));
}

type Receive = fn(&Receiver<Instant>) -> Instant;

const RECEIVES: &[Receive] = &[
    |channel| channel.recv().unwrap(),
    |channel| channel.recv_timeout(ms(10_000)).unwrap(),
    |channel| channel.iter().next().unwrap(),
    |channel| {
        select! {
            Some(time) = <-channel => time,
        }
    },
    |channel| {
        select! {
            Some(time) = <-channel => time,
            <-after(ms(10_000)) => unreachable!(),
        }
    },
    |channel| {
        let mut select = Select::new();
        let arm = select.recv(channel);
        select.wait().recv(arm).unwrap()
    },
    |channel| {
        let channel = channel.clone();
        go!({ channel.recv().unwrap() }).join().unwrap()
    },
];

#[gochan::test(virtual_time)]
fn tm_11_after_yields_the_moment_it_was_due() {
    for receive in RECEIVES {
        // Before its time, in its time, and long after it.
        for late in [0, 10, 200, 5_000] {
            let start = time::now();
            let channel = after(ms(10));
            sleep(ms(late));
            assert_eq!(receive(&channel) - start, ms(10));
        }
    }
}

#[gochan::test(virtual_time)]
fn tm_11_a_timer_that_was_reset_yields_the_moment_it_was_reset_to() {
    let start = time::now();
    let timer = Timer::new(ms(10));
    sleep(ms(50));
    timer.reset(Duration::ZERO);
    sleep(ms(50));
    assert_eq!(timer.channel().recv().unwrap() - start, ms(50));
    timer.reset(ms(20));
    sleep(ms(70));
    timer.reset(ms(15));
    sleep(ms(30));
    assert_eq!(timer.channel().recv().unwrap() - start, ms(185));
}

#[gochan::test(virtual_time)]
fn tm_11_a_slow_receiver_of_a_ticker_gets_the_first_tick_it_has_missed_and_then_goes_on_in_phase() {
    for receive in RECEIVES {
        let start = time::now();
        let channel = tick(ms(20));
        sleep(ms(110));
        assert_eq!([(); 3].map(|()| receive(&channel) - start), [20, 120, 140].map(ms));
    }
    // Who works for two and a half periods after each tick.
    let start = time::now();
    let channel = tick(ms(20));
    let ticks = [(); 5].map(|()| {
        let time = channel.recv().unwrap();
        let at = time::now();
        sleep(ms(50));
        [time - start, at - start]
    });
    assert_eq!(ticks, [[20, 20], [40, 70], [80, 120], [140, 170], [180, 220]].map(|tick| tick.map(ms)));
}

#[gochan::test(virtual_time)]
fn tm_11_looks_at_a_ticker_now_and_then() {
    let start = time::now();
    let ticker = Ticker::new(ms(20));
    let ticks = [30, 70, 75, 90, 190, 205].map(|at| {
        sleep_until(start + ms(at));
        ticker.channel().try_recv().ok().map(|time| time - start)
    });
    let expected = [Some(20), Some(40), None, Some(80), Some(100), Some(200)];
    assert_eq!(ticks, expected.map(|time| time.map(ms)));
}

#[gochan::test(virtual_time)]
fn tm_11_waits_for_a_ticker_that_give_up() {
    let start = time::now();
    let ticker = Ticker::new(ms(20));
    let ticks = [(); 4].map(|()| {
        let tick = select! {
            Some(time) = <-ticker.channel() => Some(time - start),
            <-after(ms(10)) => None,
        };
        sleep(ms(45));
        tick
    });
    assert_eq!(ticks, [None, Some(20), Some(60), Some(120)].map(|time| time.map(ms)));
}

#[gochan::test(virtual_time)]
fn tm_11_a_ticker_that_was_reset_counts_from_there() {
    let start = time::now();
    let ticker = Ticker::new(ms(20));
    sleep(ms(70));
    ticker.reset(ms(30));
    assert_eq!([(); 3].map(|()| ticker.channel().recv().unwrap() - start), [100, 130, 160].map(ms));
}

/// The time that is received, held against the moments before and after the timer was made: whoever is late to receive
/// it, and however much.
fn is_due(make: impl Fn(Duration) -> Receiver<Instant>, receive: Receive, late: Duration) {
    let before = Instant::now();
    let channel = make(MOMENT);
    let made = Instant::now();
    sleep(late);
    let time = receive(&channel);
    assert!(time >= before + MOMENT, "{:?} early", before + MOMENT - time);
    assert!(time <= made + MOMENT + ms(1), "{:?} late", time - made - MOMENT);
}

#[test]
fn tm_11_it_is_the_moment_in_real_time_too() {
    let _watchdog = watchdog();
    // By then the runtime knows cheaper ways to tell the time than to look at the clock.
    go!({ sleep(ms(100)) }).join().unwrap();
    let both = |receive: Receive, late| {
        is_due(after, receive, late);
        is_due(tick, receive, late);
    };
    for late in [Duration::ZERO, 4 * MOMENT, 20 * MOMENT] {
        for &receive in RECEIVES {
            let in_goroutine = go!(both(receive, late));
            let on_thread = thread::spawn(move || both(receive, late));
            in_goroutine.join().unwrap();
            on_thread.join().unwrap();
        }
        // Blocks its thread, which is not to be a worker's.
        both(|channel| block_on(channel.recv_async()).unwrap(), late);
    }
}
