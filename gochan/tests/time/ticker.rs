//! Row TM-05: tickers.

use std::time::{Duration, Instant};

use crate::common::{MOMENT, panic_of, place_of_panic, seeded, until_waiting};
use gochan::Select;
use gochan::chan::{RecvTimeoutError, TryRecvError};
use gochan::prelude::*;
use gochan::time::{Ticker, tick};

const FAR: Duration = Duration::from_secs(3600);

fn let_pass(d: Duration) {
    let start = Instant::now();
    while start.elapsed() < d {
        std::thread::yield_now();
    }
}

/// How many whole periods have passed between two times.
fn periods(from: Instant, to: Instant, period: Duration) -> u128 {
    (to - from).as_nanos() / period.as_nanos()
}

#[gochan::test]
fn tm_05_a_ticker_ticks_once_a_period_and_not_early() {
    let before = Instant::now();
    let ticker = Ticker::new(MOMENT);
    let after = Instant::now();
    let mut last = 0;
    for count in 1..=10 {
        let time = ticker.channel().recv().unwrap();
        assert!(time >= before + count * MOMENT, "tick {count} after {:?}", time - before);
        // The ticker's own beginning is somewhere between the two.
        let (most, least) = (periods(before, time, MOMENT), periods(after.min(time), time, MOMENT));
        assert!(most > last, "two ticks in one period");
        last = least;
    }
}

#[gochan::test]
fn tm_05_ticks_are_dropped_for_a_slow_receiver() {
    let before = Instant::now();
    let ticker = Ticker::new(MOMENT);
    let after = Instant::now();
    let_pass(5 * MOMENT);
    // One tick waits, not five; and the next comes no sooner than in the next period.
    let times: Vec<_> = ticker.channel().try_iter().collect();
    assert!(!times.is_empty());
    for pair in times.windows(2) {
        assert!(periods(before, pair[1], MOMENT) > periods(after, pair[0], MOMENT), "{times:?}");
    }
}

#[gochan::test]
fn tm_05_the_phase_is_kept_after_a_delay() {
    let mut random = seeded();
    let before = Instant::now();
    let ticker = Ticker::new(4 * MOMENT);
    let after = Instant::now();
    for _ in 0..6 {
        let_pass(Duration::from_micros(random.u64(..30_000)));
        let first = ticker.channel().recv().unwrap();
        let second = ticker.channel().recv().unwrap();
        // Between the two there is a boundary, wherever in between the ticker has begun.
        let boundary = periods(before, second, 4 * MOMENT) > periods(after.min(first), first, 4 * MOMENT);
        assert!(boundary, "{:?} and {:?}, seed {}", first - before, second - before, random.seed);
    }
}

#[gochan::test]
fn tm_05_stop_ends_the_ticks_and_does_not_close() {
    let ticker = Ticker::new(MOMENT);
    ticker.channel().recv().unwrap();
    let_pass(2 * MOMENT);
    assert!(ticker.stop());
    assert!(!ticker.stop());
    assert_eq!(ticker.channel().try_recv(), Err(TryRecvError::Empty), "not even the tick that had come");
    assert_eq!(ticker.channel().recv_timeout(3 * MOMENT), Err(RecvTimeoutError::Timeout));
    assert!(!ticker.channel().is_closed());
}

#[gochan::test]
fn tm_05_reset_changes_the_period() {
    let ticker = Ticker::new(FAR);
    let start = Instant::now();
    assert!(ticker.reset(MOMENT));
    for count in 1..=3 {
        assert!(ticker.channel().recv().unwrap() >= start + count * MOMENT);
    }
    let_pass(2 * MOMENT);
    assert!(ticker.reset(FAR));
    assert_eq!(ticker.channel().try_recv(), Err(TryRecvError::Empty), "a tick of the old period");
    assert!(ticker.stop());
    let start = Instant::now();
    assert!(!ticker.reset(MOMENT), "it was stopped");
    assert!(ticker.channel().recv().unwrap() >= start + MOMENT);
}

#[gochan::test]
fn tm_05_reset_reaches_who_waits_already() {
    let ticker = Ticker::new(FAR);
    let channel = ticker.channel().clone();
    let receiver = go!({ channel.recv() });
    until_waiting(&receiver);
    ticker.reset(MOMENT);
    receiver.join().unwrap().unwrap();
}

#[gochan::test]
fn tm_05_receivers_share_the_ticks() {
    const TICKS: usize = 30;
    let start = Instant::now();
    let ticker = Ticker::new(Duration::from_millis(1));
    let (tx, ticks) = Chan::with_capacity(TICKS).split();
    for _ in 0..4 {
        let channel = ticker.channel().clone();
        go!([tx] { while channel.recv().is_some_and(|time| tx.send(time).is_ok()) {} });
    }
    let times: Vec<_> = ticks.iter().take(TICKS).collect();
    assert!(times.iter().max().unwrap() >= &(start + TICKS as u32 * Duration::from_millis(1)));
}

#[gochan::test]
fn tm_05_a_period_of_zero_panics_with_go_s_words_at_the_caller() {
    assert_eq!(panic_of(|| drop(Ticker::new(Duration::ZERO))), "non-positive interval for NewTicker");
    let ticker = Ticker::new(FAR);
    assert_eq!(panic_of(|| _ = ticker.reset(Duration::ZERO)), "non-positive interval for Ticker.Reset");
    assert_eq!(place_of_panic(|| _ = ticker.reset(Duration::ZERO)), (file!().to_owned(), line!()));
    assert!(ticker.stop(), "it ticks as before");
}

#[gochan::test]
fn tm_05_tick_is_the_channel_of_a_ticker_and_nil_for_zero() {
    let start = Instant::now();
    assert_eq!(tick(MOMENT).iter().take(3).count(), 3);
    assert!(start.elapsed() >= 3 * MOMENT);
    assert!(tick(Duration::ZERO).is_nil());
}

#[gochan::test]
fn tm_05_a_ticker_is_an_arm_like_any_other() {
    let (ticker, values) = (Ticker::new(MOMENT), Chan::<u32>::new());
    go!([values] {
        (0..50).for_each(|n| values.send(n).unwrap());
        values.close();
    });
    let mut select = Select::new();
    let (tick, value) = (select.recv(ticker.channel()), select.recv(&values));
    let (mut ticks, mut got) = (0, Vec::new());
    while ticks < 3 || got.len() < 50 {
        let ready = select.wait();
        if ready.index() == tick.index() {
            assert!(ready.recv(tick).is_some());
            ticks += 1;
        } else {
            match ready.recv(value) {
                Some(n) => got.push(n),
                None => select.remove(value.index()),
            }
        }
    }
    assert_eq!(got, (0..50).collect::<Vec<_>>());
}

#[gochan::test]
fn tm_08_the_longest_period_does_not_pass() {
    let ticker = Ticker::new(Duration::MAX);
    assert_eq!(ticker.channel().recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout));
    assert!(ticker.reset(Duration::MAX));
    assert!(ticker.stop());
}

#[test]
fn tm_05_a_ticker_can_be_stopped_by_defer() {
    let ticker = Ticker::new(FAR);
    {
        defer!(ticker.stop());
    }
    assert!(!ticker.stop());
}
