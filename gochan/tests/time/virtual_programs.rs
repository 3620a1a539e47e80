//! Row TM-10, as those who test their own programs use it: what waits for time, of every kind, in `virtual_time`. Each
//! knows to the nanosecond when things happen, and none takes longer than its goroutines have to do.

use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::{Duration, Instant};

use crate::common::message;
use gochan::Select;
use gochan::chan::{RecvTimeoutError, SendTimeoutError};
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::runtime::{gosched, num_goroutine};
use gochan::sync::{Cond, Mutex, Semaphore};
use gochan::test::wait;
use gochan::time::{Ticker, Timer, after_func, now, sleep, tick};

pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// Notes what happens when, counted from its making.
#[derive(Clone)]
pub(super) struct Log(Arc<StdMutex<Vec<(Duration, String)>>>, Instant);

impl Log {
    pub(super) fn new() -> Log {
        Log(Arc::default(), now())
    }

    pub(super) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push((now() - self.1, what.into()));
    }

    #[track_caller]
    pub(super) fn is(&self, expected: &[(Duration, &str)]) {
        let seen = self.0.lock().unwrap();
        let seen: Vec<_> = seen.iter().map(|(time, what)| (*time, what.as_str())).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn tm_10_a_year_passes_in_no_time() {
    let start = Instant::now();
    gochan::__private::Test::new().virtual_time().run(|| {
        let begin = now();
        for _ in 0..365 {
            sleep(24 * HOUR);
        }
        assert_eq!(now() - begin, 365 * 24 * HOUR);
    });
    assert!(start.elapsed() < MINUTE);
}

/// Gives up after five tries, each later than the one before.
fn fetch_with_backoff(ctx: &Context, mut fetch: impl FnMut() -> Result<u32, String>) -> Result<u32, String> {
    let mut pause = ms(100);
    for _ in 0..5 {
        match fetch() {
            Ok(value) => return Ok(value),
            Err(_) => select! {
                <-after(pause) => pause *= 2,
                <-ctx.done() => return Err(ctx.err().unwrap().to_string()),
            },
        }
    }
    Err("too many tries".to_owned())
}

#[gochan::test(virtual_time)]
fn tm_10_backoff() {
    let log = Log::new();
    let mut tries = 0;
    let result = fetch_with_backoff(&background(), || {
        log.note("try");
        tries += 1;
        if tries == 4 { Ok(7) } else { Err("down".to_owned()) }
    });
    assert_eq!(result, Ok(7));
    log.is(&[(ms(0), "try"), (ms(100), "try"), (ms(300), "try"), (ms(700), "try")]);

    let (ctx, _cancel) = background().with_timeout(ms(150));
    let begin = now();
    assert_eq!(
        fetch_with_backoff(&ctx, || Err("down".to_owned())),
        Err("context deadline exceeded".to_owned())
    );
    assert_eq!(now() - begin, ms(150));
}

#[gochan::test(virtual_time)]
fn tm_10_every_wait_with_a_timeout_ends_at_its_time() {
    let start = now();
    let ch = chan!(u32);
    assert_eq!(ch.recv_timeout(ms(3)), Err(RecvTimeoutError::Timeout));
    assert_eq!(now() - start, ms(3));
    assert_eq!(ch.send_timeout(1, ms(4)), Err(SendTimeoutError::Timeout(1)));
    assert_eq!(now() - start, ms(7));
    assert_eq!(Chan::<u32>::nil().recv_timeout(ms(5)), Err(RecvTimeoutError::Timeout));
    assert_eq!(now() - start, ms(12));
    let (lock, cond) = (Mutex::new(()), Cond::new());
    assert!(cond.wait_timeout(lock.lock(), ms(6)).1);
    assert_eq!(now() - start, ms(18));
    let mut select = Select::new();
    select.recv(&ch);
    assert!(select.wait_timeout(ms(7)).is_none());
    assert_eq!(now() - start, ms(25));
    let permits = Semaphore::new(1);
    assert!(permits.try_acquire(1));
    let (ctx, _cancel) = background().with_timeout(ms(8));
    assert_eq!(permits.acquire(&ctx, 1), Err(ContextError::DeadlineExceeded));
    assert_eq!(now() - start, ms(33));
    assert!(Timer::new(ms(9)).channel().recv().is_some());
    assert!(tick(ms(10)).recv().is_some());
    assert!(after(ms(11)).recv().is_some());
    assert_eq!(now() - start, ms(63));
}

#[gochan::test(virtual_time)]
fn tm_10_what_comes_in_time_ends_the_wait_at_once() {
    let start = now();
    let ch = chan!(u32);
    go!([ch] {
        sleep(ms(10));
        send!(ch <- 1);
    });
    assert_eq!(ch.recv_timeout(HOUR), Ok(1));
    assert_eq!(now() - start, ms(10));
    let permits = Arc::new(Semaphore::new(1));
    assert!(permits.try_acquire(1));
    go!([permits] {
        sleep(ms(10));
        permits.release(1);
    });
    let (ctx, _cancel) = background().with_timeout(HOUR);
    assert_eq!(permits.acquire(&ctx, 1), Ok(()));
    assert_eq!(now() - start, ms(20));
    let shared = Arc::new((Mutex::new(false), Cond::new()));
    go!([shared] {
        sleep(ms(10));
        *shared.0.lock() = true;
        shared.1.signal();
    });
    assert!(!shared.1.wait_timeout(shared.0.lock(), HOUR).1);
    assert_eq!(now() - start, ms(30));
}

#[gochan::test(virtual_time)]
fn tm_10_a_ticker_keeps_its_phase_for_a_slow_receiver() {
    let start = now();
    let ticker = Ticker::new(ms(100));
    assert_eq!(ticker.channel().recv().unwrap() - start, ms(100));
    // Sleeps through the ticks at 200 and 300.
    sleep(ms(250));
    assert!(ticker.channel().recv().is_some());
    assert_eq!(now() - start, ms(350));
    assert_eq!(ticker.channel().recv().unwrap() - start, ms(400));
    ticker.reset(ms(30));
    assert_eq!(ticker.channel().recv().unwrap() - start, ms(430));
    ticker.stop();
    assert!(ticker.channel().recv_timeout(HOUR).is_err());
}

#[gochan::test(virtual_time)]
fn tm_10_a_timer_can_be_put_off_again_and_again() {
    let log = Log::new();
    let watchdog = after_func(ms(100), {
        let log = log.clone();
        move || log.note("bark")
    });
    for _ in 0..5 {
        sleep(ms(99));
        assert!(watchdog.reset(ms(100)));
    }
    sleep(ms(100));
    wait();
    log.is(&[(ms(595), "bark")]);
    assert!(!watchdog.stop());
}

/// Passes on the last value once nothing has come for `quiet`.
fn debounce(values: Receiver<u32>, quiet: Duration) -> Receiver<u32> {
    let (tx, rx) = chan!(u32, 16).split();
    go!({
        let mut last = None;
        let mut timer = Receiver::nil();
        loop {
            select! {
                Some(value) = <-values else {
                    if let Some(last) = last {
                        send!(tx <- last);
                    }
                    break;
                } => {
                    last = Some(value);
                    timer = after(quiet);
                }
                <-timer => {
                    timer = Receiver::nil();
                    if let Some(last) = last.take() {
                        send!(tx <- last);
                    }
                }
            }
        }
    });
    rx
}

#[gochan::test(virtual_time)]
fn tm_10_debounce() {
    let (tx, rx) = chan!(u32).split();
    let quiet = debounce(rx, ms(50));
    for value in 1..=3 {
        send!(tx <- value);
        sleep(ms(49));
    }
    assert!(quiet.is_empty());
    sleep(ms(1));
    wait();
    assert_eq!(quiet.try_recv(), Ok(3));
    send!(tx <- 4);
    drop(tx);
    assert_eq!(quiet.iter().collect::<Vec<_>>(), [4]);
}

#[gochan::test(virtual_time)]
fn tm_10_a_rate_limit() {
    let log = Log::new();
    let limiter = Ticker::new(ms(200));
    for job in 1..=3 {
        limiter.channel().recv();
        log.note(format!("job {job}"));
    }
    log.is(&[(ms(200), "job 1"), (ms(400), "job 2"), (ms(600), "job 3")]);
}

#[gochan::test(virtual_time)]
fn tm_10_contexts_of_a_tree_end_at_their_own_times() {
    let log = Log::new();
    let (root, _root) = background().with_timeout(ms(300));
    let (early, _early) = root.with_timeout(ms(100));
    // Later than its parent's, which counts.
    let (late, _late) = root.with_timeout(HOUR);
    assert_eq!(late.deadline(), root.deadline());
    for (name, ctx) in [("root", &root), ("early", &early), ("late", &late)] {
        let (ctx, log) = (ctx.clone(), log.clone());
        go!({
            ctx.done().recv();
            log.note(format!("{name}: {}", ctx.err().unwrap()));
        });
        wait();
    }
    sleep(HOUR);
    // Who of those that end at once is told first is left open.
    log.0.lock().unwrap().sort();
    log.is(&[
        (ms(100), "early: context deadline exceeded"),
        (ms(300), "late: context deadline exceeded"),
        (ms(300), "root: context deadline exceeded"),
    ]);
}

#[gochan::test(virtual_time)]
fn tm_10_a_cancelled_context_does_not_wait_for_its_deadline() {
    let start = now();
    let (ctx, cancel) = background().with_deadline(now() + HOUR);
    let called = chan!(Duration, 1);
    let _stop = ctx.after_func({
        let called = called.clone();
        move || send!(called <- now() - start)
    });
    go!({
        sleep(SECOND);
        cancel.cancel();
    });
    ctx.done().recv();
    assert_eq!((now() - start, ctx.err()), (SECOND, Some(ContextError::Canceled)));
    assert_eq!(called.recv(), Some(SECOND));
    // Its deadline is forgotten: the clock passes it only because of this.
    sleep(2 * HOUR);
    assert_eq!(ctx.err(), Some(ContextError::Canceled));
}

#[gochan::test(virtual_time)]
fn tm_10_with_context_leaves_no_deadline_behind() {
    let start = now();
    with_context!(ctx = background().with_timeout(HOUR) => {
        assert_eq!(ctx.deadline(), Some(start + HOUR));
        sleep(SECOND);
    });
    assert!(chan!(u32).recv_timeout(SECOND).is_err());
    assert_eq!(now() - start, 2 * SECOND);
}

#[gochan::test(virtual_time)]
fn tm_10_equal_deadlines_of_all_kinds_strike_in_the_order_of_their_making() {
    let log = Log::new();
    let mut kept = Vec::new();
    for i in 0..4 {
        let note = {
            let log = log.clone();
            move |kind: &str| log.note(format!("{kind} {i}"))
        };
        let sleeper = note.clone();
        go!({
            sleep(SECOND);
            sleeper("sleep");
        });
        wait();
        let alarm = note.clone();
        kept.push(after_func(SECOND, move || alarm("alarm")));
        let (ctx, cancel) = background().with_timeout(SECOND);
        go!({
            let _cancel = cancel;
            ctx.done().recv();
            note("context");
        });
        wait();
    }
    sleep(2 * SECOND);
    let expected: Vec<String> =
        (0..4).flat_map(|i| ["sleep", "alarm", "context"].map(|kind| format!("{kind} {i}"))).collect();
    let seen: Vec<_> = log.0.lock().unwrap().iter().map(|(time, what)| (*time, what.clone())).collect();
    let firsts: Vec<_> =
        seen.iter().filter(|(_, what)| !what.starts_with("context")).map(|(_, w)| w).collect();
    let expected_firsts: Vec<_> = expected.iter().filter(|what| !what.starts_with("context")).collect();
    assert_eq!(firsts, expected_firsts);
    // Who waits for a context is one step further away.
    let contexts: Vec<_> =
        seen.iter().filter(|(_, what)| what.starts_with("context")).map(|(_, w)| w).collect();
    assert_eq!(contexts, ["context 0", "context 1", "context 2", "context 3"]);
    assert!(seen.iter().all(|(time, _)| *time == SECOND), "{seen:?}");
}

#[gochan::test(virtual_time)]
fn tm_10_a_heartbeat_is_missed_to_the_nanosecond() {
    let beats = chan!((), 1);
    let missed = go!([beats] {
        let start = now();
        loop {
            select! {
                <-beats => {}
                <-after(SECOND) => return now() - start,
            }
        }
    });
    for _ in 0..10 {
        sleep(SECOND - Duration::from_nanos(1));
        send!(beats <- ());
    }
    assert_eq!(missed.join().unwrap(), 10 * (SECOND - Duration::from_nanos(1)) + SECOND);
}

#[gochan::test(virtual_time)]
fn tm_10_wait_lets_no_time_pass() {
    let start = now();
    let steps = Arc::new(AtomicUsize::new(0));
    go!([steps] {
        for _ in 0..3 {
            sleep(SECOND);
            steps.fetch_add(1, Relaxed);
        }
    });
    for expected in 0..=3 {
        wait();
        assert_eq!(steps.load(Relaxed), expected);
        assert_eq!(now() - start, SECOND * expected as u32);
        sleep(SECOND);
    }
    assert_eq!(num_goroutine(), 1);
}

#[gochan::test(virtual_time)]
fn tm_10_who_is_about_to_run_holds_the_clock() {
    let start = now();
    let spinner = go!({
        for _ in 0..1000 {
            gosched();
        }
        now()
    });
    let sleeper = go!({
        sleep(Duration::from_nanos(1));
        now()
    });
    assert_eq!(spinner.join().unwrap(), start);
    assert_eq!(sleeper.join().unwrap(), start + Duration::from_nanos(1));
}

#[gochan::test(virtual_time)]
fn tm_10_the_end_of_time_is_never_reached() {
    let start = now();
    let (ctx, _cancel) = background().with_timeout(Duration::MAX);
    let never = Timer::new(Duration::MAX);
    select! {
        <-ctx.done() => unreachable!(),
        <-never.channel() => unreachable!(),
        <-after(HOUR) => {}
    }
    assert_eq!(now() - start, HOUR);
}

#[test]
fn tm_10_waiting_for_the_end_of_time_is_a_deadlock() {
    let run = || {
        gochan::__private::Test::new().virtual_time().run(|| {
            after(Duration::MAX).recv();
        });
    };
    let payload = std::panic::catch_unwind(run).unwrap_err();
    assert!(message(&*payload).contains("deadlock!"), "{}", message(&*payload));
}

#[gochan::test(virtual_time)]
fn tm_10_tests_may_return_errors() -> Result<(), ContextError> {
    let (ctx, _cancel) = background().with_timeout(HOUR);
    sleep(HOUR - SECOND);
    wait();
    ctx.check()
}

#[gochan::test(virtual_time)]
#[should_panic(expected = "the test returned an error")]
fn tm_10_an_error_fails_the_test() -> Result<(), ContextError> {
    let (ctx, _cancel) = background().with_timeout(HOUR);
    sleep(HOUR);
    wait();
    ctx.check()
}
