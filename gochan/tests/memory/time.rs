//! Rows TM: what timers cost, and when that is given back. Counted on the test's own thread, which is the one that makes
//! and drops the timers.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::common::{Ledger, seeded};
use crate::counting::{alone, cost};
use gochan::prelude::*;
use gochan::runtime;
use gochan::time::{Ticker, Timer, after_func, tick};

const FAR: Duration = Duration::from_secs(3600);
const MANY: usize = 50_000;

const MILLION: usize = 1_000_000;

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
    let _alone = alone();
    warm_up();
    let (allocations, live, channel) = cost(|| after(FAR));
    assert_eq!(allocations, 1);
    assert!((1..=256).contains(&live), "{live} bytes");
    assert_eq!(cost(move || drop(channel)).1, -live);
}

#[test]
fn tm_02_waiting_for_a_timer_leaves_nothing_behind() {
    let _alone = alone();
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
    let _alone = alone();
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
    let _alone = alone();
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
    let _alone = alone();
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
    // What is left is the capacity that the buckets of the queue keep, and depends on what other tests have set.
    assert!(live + freed <= 512 * 1024, "{live} bytes made, {freed} freed, seed {}", random.seed);
}

#[test]
fn tm_06_resets_of_a_function_do_not_pile_up() {
    let _alone = alone();
    warm_up();
    let timer = after_func(FAR, || ());
    let (_, live, ()) = cost(|| assert!((0..MANY).all(|_| timer.reset(FAR))));
    assert!(live <= 4 * 1024, "{live} bytes");
}

/// Each with something of the user's; and each is gone at once, not at its time.
#[test]
fn tm_06_a_million_functions_that_are_stopped_take_constant_memory() {
    let _alone = alone();
    warm_up();
    let ledger = Ledger::default();
    // Somebody waits for a later alarm all the while.
    let last = after_func(2 * FAR, || ());
    let before = runtime::metrics().timers;
    let (_, live, ()) = cost(|| {
        for turn in 0..MILLION {
            let value = ledger.value(turn as u64);
            let timer = after_func(FAR, move || unreachable!("{value:?}"));
            assert!(timer.stop());
            if turn % 1000 == 0 {
                assert_eq!(runtime::metrics().timers, before);
            }
            drop(timer);
            assert_eq!(ledger.dropped(), ledger.made());
        }
    });
    assert!(live <= 4 * 1024, "{live} bytes");
    assert!(last.stop());
}

#[test]
fn tm_06_what_a_function_has_captured_goes_with_the_timer() {
    let _alone = alone();
    let ledger = Ledger::default();
    let new = |d| {
        let value = ledger.value(0);
        after_func(d, move || {
            // The whole of it, so that it goes with the function.
            let value = &value;
            assert_eq!(value.number, 0);
        })
    };
    let timer = new(FAR);
    assert!(timer.stop());
    assert_eq!(ledger.dropped(), 0, "it may be reset");
    drop(timer);
    assert_eq!(ledger.dropped(), 1);
    // Not stopped: it is to run, and goes when it has.
    drop(new(Duration::ZERO));
    crate::common::until(|| ledger.dropped() == 2);
    let timer = new(FAR);
    assert!(timer.reset(FAR) && timer.stop() && !timer.reset(FAR) && timer.stop());
    drop(timer);
    ledger.balances();
}

#[test]
fn cx_06_deadlines_that_are_cancelled_take_constant_memory() {
    let _alone = alone();
    warm_up();
    let ledger = Ledger::default();
    let last = after_func(2 * FAR, || ());
    let (parent, _end) = background().with_cancel();
    let before = runtime::metrics().timers;
    let (_, live, ()) = cost(|| {
        for turn in 0..MILLION / 4 {
            let value = ledger.value(turn as u64);
            let (above, end) = parent.with_timeout(FAR);
            let (ctx, cancel) = above.with_timeout_cause(FAR / 2, Cause(value));
            match turn % 4 {
                // By its own handle, by the drop of that, by the end above, by nobody.
                0 => cancel.cancel(),
                1 => drop(cancel),
                2 => end.cancel(),
                _ => {}
            }
            if turn % 4 != 3 {
                assert!(ctx.err().is_some());
                assert_eq!(runtime::metrics().timers - before, usize::from(turn % 4 != 2));
            }
            drop((ctx, above));
        }
    });
    ledger.balances();
    assert_eq!(runtime::metrics().timers, before);
    assert!(live <= 4 * 1024, "{live} bytes");
    assert!(last.stop());
}

/// A cause, with something to drop.
#[derive(Debug)]
struct Cause(crate::common::Tracked);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.number)
    }
}

impl std::error::Error for Cause {}

#[test]
fn tm_02_timers_that_are_dropped_take_no_memory() {
    let _alone = alone();
    warm_up();
    let before = runtime::metrics().timers;
    let values = chan!(usize, 1);
    let (_, live, ()) = cost(|| {
        for turn in 0..MILLION / 10 {
            send!(values <- turn);
            let timer = Timer::new(FAR);
            let ticker = Ticker::new(FAR);
            select! {
                Some(value) = <-values => assert_eq!(value, turn),
                <-timer.channel() => unreachable!(),
                <-ticker.channel() => unreachable!(),
                // gochan-lint: allow(after_in_loop) the memory of these timers is what is measured
                <-after(FAR) => unreachable!(),
                <-tick(FAR) => unreachable!(),
            }
            if turn % 2 == 0 {
                assert!(timer.stop() && ticker.stop());
            }
        }
    });
    assert_eq!(live, 0);
    assert_eq!(runtime::metrics().timers, before);
}

/// What a burst has needed is not kept for the one that stays.
#[test]
fn tm_06_the_memory_of_many_functions_is_given_back_though_one_stays() {
    let _alone = alone();
    warm_up();
    let mut random = seeded();
    let stays = after_func(2 * FAR, || ());
    let mut timers = Vec::with_capacity(MANY);
    let (_, live, ()) = cost(|| {
        timers.extend((0..MANY).map(|_| after_func(FAR + Duration::from_secs(random.u64(..100)), || ())));
    });
    random.shuffle(&mut timers);
    let (_, freed, ()) = cost(|| assert!(timers.drain(..).all(|timer| timer.stop())));
    // What is left is the capacity that the buckets of the queue keep, and depends on what other tests have set.
    assert!(live + freed <= 512 * 1024, "{live} bytes made, {freed} freed, seed {}", random.seed);
    assert!(stays.stop());
}
