//! Row DL-10: in an exploration the time may come while goroutines run: what a timer, a ticker, a timeout or a deadline
//! does races with the code. Each bug beside its mended twin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::time::Duration;

use crate::common::panic_of;
use gochan::__private::Test;
use gochan::prelude::*;
use gochan::sync::Mutex;
use gochan::time::{self, Ticker, Timer, after_func, sleep};

const MS: Duration = Duration::from_millis(1);

/// Within so many interleavings a bug is found, wherever the exploration begins.
const SOON: u32 = 1000;
/// A right program passes so many.
const MANY: u32 = 5000;

#[track_caller]
fn finds(symptom: &str, program: fn()) {
    for seed in 1..=5 {
        let text = panic_of(|| Test::new().explore(SOON).first_seed(seed).run(program));
        assert!(text.contains(symptom), "from seed {seed}: {text}");
    }
}

#[track_caller]
fn passes(program: fn()) {
    Test::new().explore(MANY).first_seed(7).run(program);
}

/// A failure of it comes again by its seed.
fn comes_again(program: fn()) {
    let text = panic_of(|| Test::new().explore(SOON).run(program));
    assert!(text.contains("GOCHAN_SEED=") && !text.contains("went otherwise"), "{text}");
    let seed = text.rsplit_once("GOCHAN_SEED=").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    let again = panic_of(|| Test::new().explore(1).first_seed(seed).run(program));
    let story = |text: &str| text.split_once("what happened").unwrap().1.to_owned();
    assert_eq!(story(&again), story(&text));
}

/// The bug of istio 18454.
#[test]
fn dl_10_a_timer_strikes_while_others_talk() {
    fn program() {
        let timer = Timer::new(Duration::from_nanos(1));
        let ch = chan!(u32);
        go!([ch] {
            for i in 0..100 {
                send!(ch <- i);
            }
        });
        for _ in 0..100 {
            recv!(ch);
        }
        assert!(timer.channel().try_recv().is_err(), "the time had come");
    }
    finds("the time had come", program);
}

#[test]
fn dl_10_a_timer_strikes_before_it_is_called_off() {
    fn program(asks: bool) {
        let strikes = Arc::new(AtomicBool::new(false));
        let timer = after_func(10 * MS, {
            let strikes = strikes.clone();
            move || strikes.store(true, SeqCst)
        });
        let job = go!({ 42 });
        job.join().unwrap();
        let stopped = timer.stop();
        gochan::test::wait();
        assert!(!strikes.load(SeqCst) || (asks && !stopped), "called all the same");
        assert!(!(stopped && strikes.load(SeqCst)));
    }
    finds("called all the same", || program(false));
    passes(|| program(true));
}

#[test]
fn dl_10_a_ticker_ticks_while_its_reader_is_away() {
    fn program(hurries: bool) {
        // gochan-lint: allow(tick_never_stopped) it ends with the test
        let (ticker, work) = (Ticker::new(MS), chan!(u32));
        go!([work] { send!(work <- 1) });
        recv!(work);
        let ticked = ticker.channel().try_recv().is_ok();
        assert!(!(hurries && ticked), "too late for the first tick");
        ticker.channel().recv();
    }
    finds("too late for the first tick", || program(true));
    passes(|| program(false));
}

#[test]
fn dl_10_a_timeout_races_with_the_answer() {
    fn program(capacity: usize) {
        let answer = chan!(u32, capacity);
        let server = go!([answer] {
            // Nobody takes it if the caller has given up.
            send!(answer <- 42);
        });
        let _ = answer.recv_timeout(50 * MS);
        let kept = answer;
        server.join().unwrap();
        drop(kept);
    }
    finds("deadlock", || program(0));
    passes(|| program(1));
}

#[test]
fn dl_10_a_select_with_a_timeout_races_with_the_answer() {
    fn program(checks: bool) {
        let answer = chan!(u32, 1);
        go!([answer] { send!(answer <- 42) });
        let result = select! {
            value = <-answer => Some(value),
            <-after(100 * MS) => None,
        };
        assert!(result.is_some() || checks, "too late");
    }
    finds("too late", || program(false));
    passes(|| program(true));
}

#[test]
fn dl_10_a_deadline_races_with_the_result() {
    fn program(asks_the_result: bool) {
        let (ctx, cancel) = background().with_timeout(100 * MS);
        let result = Arc::new(Mutex::new(None));
        let worker = go!([ctx, result] {
            if ctx.err().is_none() {
                *result.lock() = Some(1);
            }
        });
        worker.join().unwrap();
        let has_ended = ctx.err().is_some();
        let result = *result.lock();
        cancel.cancel();
        // The end of a context does not say that nothing has been done.
        assert!(asks_the_result || !has_ended || result.is_none(), "done although the context has ended");
    }
    finds("done although the context has ended", || program(false));
    passes(|| program(true));
}

#[test]
fn dl_10_a_sleep_is_no_synchronisation() {
    fn program(waits: bool) {
        let (done, wg) = (Arc::new(AtomicUsize::new(0)), WaitGroup::new());
        for _ in 0..2 {
            drop(wg.go({
                let done = done.clone();
                move || _ = done.fetch_add(1, SeqCst)
            }));
        }
        if waits {
            wg.wait();
        } else {
            sleep(500 * MS);
        }
        assert_eq!(done.load(SeqCst), 2, "not all are done");
    }
    finds("not all are done", || program(false));
    passes(|| program(true));
}

#[test]
fn dl_10_sleeps_do_not_order_goroutines() {
    fn program(orders: bool) {
        let (log, first) = (Arc::new(Mutex::new(Vec::new())), chan!(()));
        let slow = go!([log, first] {
            sleep(2 * MS);
            if orders {
                recv!(first);
            }
            log.lock().push("second");
        });
        sleep(MS);
        log.lock().push("first");
        close!(first);
        slow.join().unwrap();
        assert_eq!(*log.lock(), ["first", "second"]);
    }
    finds("second", || program(false));
    passes(|| program(true));
}

#[test]
fn dl_10_what_is_due_at_once_races_too() {
    fn program(expected: fn(bool, bool) -> bool) {
        let flag = Arc::new(AtomicBool::new(false));
        let timer = after_func(Duration::ZERO, {
            let flag = flag.clone();
            move || flag.store(true, SeqCst)
        });
        go!({}).join().unwrap();
        let at_once = flag.load(SeqCst);
        let stopped = timer.stop();
        gochan::test::wait();
        assert_eq!(flag.load(SeqCst), !stopped);
        assert!(expected(at_once, stopped), "at another time");
    }
    finds("at another time", || program(|at_once, _| !at_once));
    finds("at another time", || program(|at_once, _| at_once));
    finds("at another time", || program(|at_once, stopped| at_once || stopped));
    // It takes no jump.
    let text = panic_of(|| Test::new().explore(SOON).jumps(0).run(|| program(|at_once, _| !at_once)));
    assert!(text.contains("at another time"), "{text}");
}

#[test]
fn dl_10_what_time_has_done_comes_again() {
    comes_again(|| {
        let ch = chan!(u32);
        let sender = go!([ch] { send!(ch <- 1) });
        let _ = ch.recv_timeout(MS);
        sender.join().unwrap();
        drop(ch);
    });
}

/// What waits for much longer than anybody is held up is not called late.
#[test]
fn dl_10_a_timeout_that_is_far_off_does_not_strike() {
    passes(|| {
        let (ch, guard) = (chan!(u32), after_func(Duration::from_secs(5), || panic!("much too late")));
        let (ctx, _cancel) = background().with_timeout(Duration::from_secs(10));
        go!([ch] {
            for i in 0..3 {
                sleep(100 * MS);
                send!(ch <- i);
            }
        });
        for i in 0..3 {
            assert_eq!(ch.recv_timeout(Duration::from_secs(2)), Ok(i));
        }
        assert!(ctx.err().is_none());
        assert!(guard.stop());
    });
}

#[test]
fn dl_10_the_budget_is_the_tests() {
    fn program() {
        let ch = chan!(u32, 1);
        go!([ch] { send!(ch <- 1) });
        assert!(ch.recv_timeout(Duration::from_secs(60)).is_ok(), "too late");
    }
    Test::new().explore(MANY).jumps(0).run(program);
    passes(program);
    assert!(panic_of(|| Test::new().explore(SOON).jumps(1).run(program)).contains("too late"));
}

#[gochan::test(explore = 500, jumps = 0)]
fn dl_10_without_jumps_time_passes_when_all_wait() {
    let start = time::now();
    let ch = chan!(u32);
    go!([ch] {
        for i in 0..5 {
            send!(ch <- i);
        }
    });
    for i in 0..5 {
        assert_eq!(ch.recv_timeout(Duration::from_nanos(1)), Ok(i));
    }
    assert_eq!(time::now(), start);
    sleep(MS);
    assert_eq!(time::now() - start, MS);
}

/// Nobody who waits until all others wait is surprised by the time.
#[gochan::test(explore = 2000)]
fn dl_10_time_does_not_pass_while_somebody_waits_for_quiet() {
    let ch = chan!(u32);
    let sleeper = go!({ sleep(MS) });
    go!([ch] {
        for i in 0..5 {
            send!(ch <- i);
        }
    });
    go!([ch] { (0..5).for_each(|_| _ = recv!(ch)) });
    let before = time::now();
    gochan::test::wait();
    assert_eq!(time::now(), before);
    sleeper.join().unwrap();
}

/// Who has been held up may still end what it does, as far as it has been held up; nobody else.
#[test]
fn dl_10_who_was_held_up_is_no_leak() {
    fn program(sleeps: Duration) {
        let ch = chan!(u32, 1);
        go!([ch] {
            sleep(sleeps);
            send!(ch <- 1);
        });
        let _ = ch.recv_timeout(10 * MS);
        std::mem::forget(ch);
    }
    passes(|| program(10 * MS));
    finds("1 goroutine has leaked", || program(11 * MS));
}
