//! `#[gochan::test(virtual_time)]`: TM-10, and the same failures as in real time.

use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::test::wait;
use gochan::time::{self, Ticker, Timer, after_func, sleep};
use gochan::{Builder, JoinHandle};
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::panic_of;

fn attribute() -> gochan::__private::Test {
    gochan::__private::Test::new().virtual_time()
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn tm_10_a_ten_minute_timeout_takes_no_time() {
    let start = Instant::now();
    attribute().run(|| {
        let ch = chan!(i32);
        let start = time::now();
        assert!(ch.recv_timeout(10 * MINUTE).is_err());
        assert_eq!(time::now() - start, 10 * MINUTE);
    });
    assert!(start.elapsed() < MINUTE);
}

#[gochan::test(virtual_time)]
fn tm_10_the_clock_jumps_exactly_to_the_next_deadline_when_all_wait() {
    let start = time::now();
    let log = Arc::new(Mutex::new(Vec::new()));
    let sleepers: Vec<JoinHandle<()>> = [700, 30, 31, 5000]
        .into_iter()
        .map(|milliseconds| {
            let log = log.clone();
            go!({
                sleep(Duration::from_millis(milliseconds));
                log.lock().unwrap().push((milliseconds, time::now() - start));
            })
        })
        .collect();
    sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    let expected: Vec<_> = [30, 31, 700, 5000].map(|ms| (ms, Duration::from_millis(ms))).into();
    assert_eq!(*log.lock().unwrap(), expected);
}

#[gochan::test(virtual_time)]
fn tm_10_time_stands_still_while_somebody_can_run() {
    let start = time::now();
    let ch = chan!(u64, 1);
    let sum = go!([ch] { ch.iter().sum::<u64>() });
    for i in 0..10_000 {
        send!(ch <- i);
    }
    close!(ch);
    assert_eq!(sum.join().unwrap(), 49_995_000);
    assert_eq!(time::now(), start);
}

#[gochan::test(virtual_time)]
fn tm_10_equal_deadlines_fire_in_the_order_they_were_set() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let deadline = Duration::from_secs(1);
    for turn in 0..100 {
        let note = {
            let order = order.clone();
            move || order.lock().unwrap().push(turn)
        };
        // Timers of goroutines and alarms by turns.
        if turn % 2 == 0 {
            go!({
                sleep(deadline);
                note();
            });
        } else {
            std::mem::forget(after_func(deadline, note));
        }
        wait();
    }
    sleep(2 * deadline);
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
}

#[gochan::test(virtual_time)]
fn tm_10_timers_and_tickers_follow_the_clock() {
    let start = time::now();
    let ticker = Ticker::new(MINUTE);
    for tick in 1..=60 {
        assert_eq!(ticker.channel().recv().unwrap() - start, tick * MINUTE);
    }
    let timer = Timer::new(MINUTE);
    assert!(timer.stop());
    assert!(!timer.reset(2 * MINUTE));
    assert_eq!(timer.channel().recv().unwrap() - start, 62 * MINUTE);
    select! {
        <-after(3 * MINUTE) => {}
        <-after(4 * MINUTE) => unreachable!(),
    }
    assert_eq!(time::now() - start, 65 * MINUTE);
}

#[gochan::test(virtual_time)]
fn tm_10_contexts_end_at_their_deadlines() {
    let start = time::now();
    let (ctx, _cancel) = background().with_timeout(5 * MINUTE);
    sleep(5 * MINUTE - Duration::from_nanos(1));
    wait();
    assert!(ctx.err().is_none());
    sleep(Duration::from_nanos(1));
    wait();
    assert!(ctx.err().is_some());
    assert_eq!(time::now() - start, 5 * MINUTE);
}

#[gochan::test(virtual_time)]
fn wait_returns_when_all_others_wait() {
    let steps = Arc::new(AtomicUsize::new(0));
    let ch = chan!(());
    for _ in 0..10 {
        let (ch, steps) = (ch.clone(), steps.clone());
        go!({
            for _ in 0..100 {
                steps.fetch_add(1, Relaxed);
                gosched();
            }
            ch.recv();
        });
    }
    wait();
    assert_eq!(steps.load(Relaxed), 1000);
    close!(ch);
    wait();
    assert_eq!(gochan::runtime::num_goroutine(), 1);
}

#[gochan::test(virtual_time)]
fn blocking_calls_take_no_virtual_time() {
    let start = time::now();
    assert_eq!(gochan::blocking(|| 6 * 7), 42);
    assert_eq!(time::now(), start);
}

#[gochan::test(virtual_time)]
fn a_hundred_thousand_sleepers_are_no_trouble() {
    let wg = WaitGroup::new();
    for i in 0..10_000_u64 {
        drop(wg.go(move || (0..10).for_each(|_| sleep(Duration::from_micros(i)))));
    }
    wg.wait();
}

#[gochan::test(virtual_time)]
#[should_panic(expected = "the value is 7")]
fn the_panic_of_the_body_is_the_panic_of_the_test() {
    panic!("the value is {}", 7);
}

#[test]
fn dl_04_who_waits_when_the_body_has_ended_is_left_and_time_stops() {
    fn body() {
        Builder::new().name("sleeper").spawn(|| sleep(MINUTE));
        wait();
    }
    let text = panic_of(|| attribute().run(body));
    assert!(text.contains("1 goroutine has leaked"), "{text}");
    assert!(text.contains("goroutine 2 `sleeper`: waits in sleep at"), "{text}");
    attribute().allow(&["sleeper"]).run(body);
}

#[test]
fn dl_04_who_waits_for_time_that_has_stopped_is_told_so_and_what_to_write() {
    const STOPPED: &str = "time has stopped since the body ended";
    let leak = |body: fn()| panic_of(move || attribute().run(body));
    for in_time in [
        || _ = go!({ sleep(MINUTE) }),
        || {
            go!({
                select! {
                    <-after(MINUTE) => {}
                }
            });
        },
        || _ = go!({ chan!(()).recv_timeout(MINUTE) }),
        || {
            let (ctx, cancel) = background().with_timeout(MINUTE);
            std::mem::forget(cancel);
            go!({ recv!(ctx.done()) });
        },
    ] {
        let text = leak(in_time);
        assert!(text.contains("1 goroutine has leaked") && text.contains(STOPPED), "{text}");
        assert!(text.contains("(join it, or a WaitGroup)") && text.contains("(cancel its context"), "{text}");
        let explored = panic_of(|| gochan::__private::Test::new().explore(3).run(in_time));
        assert!(explored.contains(STOPPED), "{explored}");
    }
    // Time has nothing to do with it.
    let text = leak(|| _ = go!({ chan!(()).recv() }));
    assert!(text.contains("1 goroutine has leaked") && !text.contains(STOPPED), "{text}");
}

#[gochan::test(virtual_time)]
fn dl_04_who_can_run_may_end() {
    for _ in 0..10 {
        go!({ (0..10).for_each(|_| gosched()) });
    }
}

#[test]
fn dl_05_a_panic_in_a_detached_goroutine_fails_the_test() {
    fn body() {
        go!({ panic!("in the background") });
        sleep(MINUTE);
    }
    let text = panic_of(|| attribute().run(body));
    assert!(text.contains("goroutine 2 panicked and nobody joined it: in the background"), "{text}");
}

#[test]
fn a_deadlock_is_seen_at_once() {
    fn body() {
        let (a, b) = (chan!(i32), chan!(i32));
        go!([a, b] {
            a.recv();
            send!(b <- 1);
        });
        sleep(MINUTE);
        b.recv();
    }
    let text = panic_of(|| attribute().run(body));
    assert!(text.contains("all goroutines of the test are asleep - deadlock!"), "{text}");
    assert!(text.contains("goroutine 1 `"), "{text}");
    assert_eq!(text.matches("waits in chan receive at").count(), 2, "{text}");
}

#[test]
fn a_test_that_does_not_end_fails_after_its_timeout_in_real_time() {
    fn body() {
        loop {
            gosched();
        }
    }
    let text = panic_of(|| attribute().timeout(50_000_000).run(body));
    assert!(text.contains("has not ended after 50ms"), "{text}");
}

#[test]
fn waiting_while_a_panic_unwinds_is_told() {
    fn body() {
        let ch = chan!(i32);
        defer!({
            ch.recv();
        });
        panic!("first");
    }
    let text = panic_of(|| attribute().run(body));
    assert!(text.contains("waits (chan receive at") && text.contains("while a panic unwinds"), "{text}");
}

#[test]
fn wait_is_for_bubbles_only() {
    assert!(panic_of(wait).contains("a test with `virtual_time` or `explore`"));
    let text = panic_of(|| gochan::__private::Test::new().run(wait));
    assert!(text.contains("a test with `virtual_time` or `explore`"), "{text}");
}

/// A counter, and what counts it up.
fn counter() -> (Arc<AtomicUsize>, impl Fn() + Clone + Send + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    (count, move || _ = counted.fetch_add(1, SeqCst))
}

fn what_is_due_has_run_when_wait_returns() {
    let start = time::now();
    let (count, up) = counter();
    let _at_once = after_func(Duration::ZERO, up.clone());
    let reset = after_func(MINUTE, up.clone());
    assert!(reset.reset(Duration::ZERO));
    let (late, _cancel) = background().with_deadline(start);
    let _called = late.after_func(up.clone());
    let (ctx, cancel) = background().with_cancel();
    let _called = ctx.after_func(up.clone());
    cancel.cancel();
    let (never, timer) = (chan!(()), Timer::new(MINUTE));
    assert!(timer.reset(Duration::ZERO));
    go!([never, up] {
        sleep(Duration::ZERO);
        assert!(never.recv_timeout(Duration::ZERO).is_err());
        up();
    });
    go!({
        timer.channel().recv();
        // What was not due when the wait began is due before it ends.
        std::mem::forget(after_func(Duration::ZERO, move || {
            up();
            std::mem::forget(after_func(Duration::ZERO, up.clone()));
        }));
    });
    wait();
    assert_eq!((count.load(SeqCst), time::now()), (7, start));
}

#[gochan::test(virtual_time)]
fn tm_10_what_is_due_has_run_when_wait_returns() {
    what_is_due_has_run_when_wait_returns();
}

#[gochan::test(explore = 300)]
fn tm_10_what_is_due_has_run_when_an_explored_wait_returns() {
    what_is_due_has_run_when_wait_returns();
}

#[gochan::test(virtual_time)]
fn tm_10_what_is_due_runs_while_others_talk_or_poll() {
    let start = time::now();
    let (count, up) = counter();
    let _timer = after_func(Duration::ZERO, up.clone());
    gosched();
    assert_eq!(count.load(SeqCst), 1, "gosched lets all run that can");
    let (ping, pong) = (chan!(()), chan!(()));
    go!([ping, pong] {
        while ping.recv().is_some() {
            send!(pong <- ());
        }
    });
    let _timer = after_func(Duration::ZERO, up.clone());
    while count.load(SeqCst) < 2 {
        send!(ping <- ());
        recv!(pong);
    }
    close!(ping);
    let (ctx, cancel) = background().with_cancel();
    let _timer = after_func(Duration::ZERO, move || cancel.cancel());
    while ctx.err().is_none() {}
    assert_eq!(time::now(), start);
}

/// Somebody looks again and again for what happens in a minute, when all others wait.
fn polling_lets_time_pass(look: fn(&AtomicUsize, &Chan<()>, &Context) -> bool) {
    let start = time::now();
    let (count, up) = counter();
    let (ctx, cancel) = background().with_cancel();
    let ch = chan!((), 1);
    let _timer = after_func(MINUTE, {
        let ch = ch.clone();
        move || {
            up();
            cancel.cancel();
            send!(ch <- ());
        }
    });
    go!([ctx] { ctx.done().recv() });
    while !look(&count, &ch, &ctx) {}
    assert_eq!(time::now() - start, MINUTE);
    wait();
}

#[gochan::test(virtual_time)]
fn tm_10_polling_lets_time_pass_when_all_others_wait() {
    polling_lets_time_pass(|count, _, _| {
        gosched();
        count.load(SeqCst) > 0
    });
    polling_lets_time_pass(|_, ch, _| {
        gosched();
        ch.try_recv().is_ok()
    });
    polling_lets_time_pass(|_, ch, _| {
        select! {
            <-ch => true,
            default => false,
        }
    });
    polling_lets_time_pass(|_, _, ctx| ctx.err().is_some());
}

#[gochan::test(explore = 30, jumps = 0)]
fn tm_10_polling_lets_time_pass_in_explorations() {
    polling_lets_time_pass(|count, _, _| {
        gosched();
        count.load(SeqCst) > 0
    });
    polling_lets_time_pass(|_, ch, _| ch.try_recv().is_ok());
    polling_lets_time_pass(|_, ch, _| {
        select! {
            <-ch => true,
            default => false,
        }
    });
    polling_lets_time_pass(|_, _, ctx| ctx.err().is_some());
}

#[gochan::test(virtual_time)]
fn tm_10_time_passes_although_several_poll() {
    let start = time::now();
    let (count, up) = counter();
    let _timer = after_func(MINUTE, up);
    let pollers: Vec<_> = (0..3)
        .map(|_| {
            let count = count.clone();
            go!({
                while count.load(SeqCst) == 0 {
                    gosched();
                }
            })
        })
        .collect();
    pollers.into_iter().for_each(|poller| poller.join().unwrap());
    assert_eq!(time::now() - start, MINUTE);
}

#[gochan::test(virtual_time)]
fn tm_10_a_few_looks_are_no_wait() {
    let start = time::now();
    let (count, up) = counter();
    let _timer = after_func(MINUTE, up);
    (0..100).for_each(|_| gosched());
    assert_eq!((count.load(SeqCst), time::now()), (0, start));
    sleep(MINUTE);
}

#[gochan::test(virtual_time)]
fn tm_10_who_polls_keeps_nobody_from_seeing_that_all_wait() {
    let over = Arc::new(AtomicUsize::new(0));
    let poller = go!([over] {
        while over.load(SeqCst) == 0 {
            gosched();
        }
    });
    wait();
    over.store(1, SeqCst);
    poller.join().unwrap();
}
