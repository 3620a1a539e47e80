//! Row SE-18: timers and contexts as arms.

use std::time::{Duration, Instant};

use crate::common::{MOMENT, nobody_waits_at, until_waiting};
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::time::{Ticker, Timer, tick};
use gochan::{JoinHandle, Select};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

#[gochan::test]
fn se_18_after_ends_a_wait_for_what_does_not_come_and_not_before_its_time() {
    let (never, start) = (chan!(u32), Instant::now());
    let at = select! {
        v = <-never => unreachable!("{v}"),
        Some(at) = <-after(4 * MOMENT) => at,
    };
    assert!(at >= start + 4 * MOMENT && start.elapsed() >= 4 * MOMENT);
    nobody_waits_at(&never);
}

#[gochan::test]
fn se_18_after_loses_to_what_comes_first() {
    let ch = chan!(u32);
    for number in 0..1000 {
        let sender = go!([ch] { send!(ch <- number) });
        select! {
            v = <-ch => assert_eq!(v, number),
            <-after(LONG) => unreachable!(),
        }
        sender.join().unwrap();
    }
}

#[gochan::test]
fn se_18_the_earliest_of_several_timers_wins() {
    for earliest in 0..3 {
        let wait = |arm: u32| if arm == earliest { MOMENT } else { LONG };
        let start = Instant::now();
        let won = select! {
            <-after(wait(0)) => 0,
            <-after(wait(1)) => 1,
            <-after(wait(2)) => 2,
        };
        assert_eq!(won, earliest);
        assert!(start.elapsed() >= MOMENT);
    }
}

#[gochan::test]
fn se_18_default_wins_over_a_timer_whose_time_has_not_come() {
    let start = Instant::now();
    let timer = Timer::new(2 * MOMENT);
    while select! {
        <-timer.channel() => false,
        default => true,
    } {}
    assert!(start.elapsed() >= 2 * MOMENT);
    assert!(select! {
        <-after(LONG) => false,
        default => true,
    });
    assert!(
        select! {
            <-after(Duration::ZERO) => true,
            default => false,
        },
        "it is ready at once"
    );
}

#[gochan::test]
fn se_18_one_timer_limits_a_whole_loop() {
    let (words, start, limit) = (chan!(u32), Instant::now(), after(4 * MOMENT));
    let talker: JoinHandle<u32> = go!([words] { (0..).take_while(|word| words.send(*word).is_ok()).sum() });
    let mut heard = 0;
    loop {
        select! {
            v = <-words => heard += v,
            <-limit => break,
        }
    }
    assert!(start.elapsed() >= 4 * MOMENT);
    close!(words);
    assert_eq!(talker.join().unwrap(), heard);
}

#[gochan::test]
fn se_18_a_reset_or_stopped_timer_is_heeded_by_a_select_that_waits() {
    let timer = std::sync::Arc::new(Timer::new(LONG));
    let waiting = go!([timer] {
        select! {
            <-timer.channel() => true,
            <-after(2 * LONG) => false,
        }
    });
    until_waiting(&waiting);
    assert!(timer.reset(MOMENT));
    assert!(waiting.join().unwrap());

    timer.reset(2 * MOMENT);
    let never = chan!(u32);
    let waiting = go!([timer, never] {
        select! {
            <-timer.channel() => 0,
            v = <-never => v,
        }
    });
    if timer.stop() {
        until_waiting(&waiting);
        send!(never <- 1);
        assert_eq!(waiting.join().unwrap(), 1);
    } else {
        assert_eq!(waiting.join().unwrap(), 0);
    }
}

#[gochan::test]
fn se_18_a_ticker_drives_a_loop_beside_other_arms() {
    let (start, ticker, jobs) = (Instant::now(), Ticker::new(MOMENT), chan!(u32, 4));
    let (mut ticks, mut sum) = (0, 0);
    while ticks < 4 {
        select! {
            <-ticker.channel() => {
                ticks += 1;
                send!(jobs <- ticks);
            }
            v = <-jobs => sum += v,
        }
    }
    assert!(start.elapsed() >= 4 * MOMENT);
    assert_eq!(sum + jobs.try_iter().sum::<u32>(), 10);
    assert!(select! {
        <-tick(MOMENT) => true,
        <-tick(LONG) => false,
    });
}

#[gochan::test]
fn se_18_a_cancelled_context_is_a_ready_arm() {
    let (ctx, cancel) = background().with_cancel();
    let jobs = chan!(u32);
    let waiting = go!([ctx, jobs] {
        let mut sum = 0;
        loop {
            select! {
                <-ctx.done() => return (sum, ctx.err()),
                v = <-jobs => sum += v,
            }
        }
    });
    (1..=4).for_each(|number| send!(jobs <- number));
    until_waiting(&waiting);
    assert!(select! {
        <-ctx.done() => false,
        default => true,
    });
    cancel.cancel();
    assert_eq!(waiting.join().unwrap(), (10, Some(ContextError::Canceled)));
    assert!(select! {
        <-ctx.done() => true,
        default => false,
    });
    nobody_waits_at(&jobs);
}

#[gochan::test]
fn se_18_a_deadline_ends_a_select_and_an_endless_context_never_does() {
    let (start, jobs) = (Instant::now(), chan!(u32));
    let (ctx, _cancel) = background().with_timeout(2 * MOMENT);
    let waiting = go!([ctx, jobs] {
        select! {
            <-ctx.done() => ctx.err(),
            <-background().done() => None,
            _ = <-jobs => None,
        }
    });
    assert_eq!(waiting.join().unwrap(), Some(ContextError::DeadlineExceeded));
    assert!(start.elapsed() >= 2 * MOMENT);
    assert!(
        select! {
            <-background().done() => false,
            else => true,
        },
        "its channel is nil"
    );
}

#[gochan::test]
fn se_18_a_job_that_was_not_sent_is_still_there_when_the_context_ends() {
    fn submit(ctx: &Context, jobs: &Sender<String>, job: String) -> Result<(), String> {
        select! {
            jobs <- job => Ok(()),
            <-ctx.done() => Err(job),
        }
    }
    let (jobs, taken) = chan!(String, 1).split();
    let (ctx, cancel) = background().with_cancel();
    assert_eq!(submit(&ctx, &jobs, "first".to_owned()), Ok(()));
    let second = go!([ctx, jobs] { submit(&ctx, &jobs, "second".to_owned()) });
    until_waiting(&second);
    cancel.cancel();
    assert_eq!(second.join().unwrap(), Err("second".to_owned()));
    assert_eq!((recv!(taken), taken.len()), ("first".to_owned(), 0));
}

#[gochan::test]
fn se_18_a_context_made_in_the_operand_lives_as_long_as_the_select_waits() {
    let never = chan!(u32);
    let (parent, cancel) = background().with_cancel();
    // The temporary has the handle whose drop cancels: dropped early, it would end the wait.
    let with_handle = go!([parent, never] {
        select! {
            <-parent.with_cancel().0.done() => parent.err(),
            _ = <-never => None,
        }
    });
    let without_end = go!([parent, never] {
        select! {
            <-parent.without_cancel().done() => 1,
            <-parent.clone().done() => 2,
            v = <-never => v,
        }
    });
    until_waiting(&with_handle);
    until_waiting(&without_end);
    assert!(parent.err().is_none());
    cancel.cancel();
    assert_eq!(with_handle.join().unwrap(), Some(ContextError::Canceled));
    assert_eq!(without_end.join().unwrap(), 2);
}

#[gochan::test]
fn se_18_the_builder_takes_timers_and_contexts() {
    let timers: Vec<Receiver<Instant>> =
        (0..50).map(|timer| after(if timer == 33 { MOMENT } else { LONG })).collect();
    let (ctx, cancel) = background().with_cancel();
    let mut select = Select::new();
    let arms: Vec<_> = timers.iter().map(|timer| select.recv(timer)).collect();
    let done = select.recv(ctx.done());
    let selected = select.wait();
    assert_eq!(selected.index(), 33);
    assert!(selected.recv(arms[33]).is_some());
    assert!(select.wait_timeout(MOMENT).is_none(), "it has fired");
    cancel.cancel();
    let selected = select.wait();
    assert_eq!((selected.index(), selected.recv(done)), (done.index(), None));
}
