//! Rows SE-14 and SE-25: selects that lose, and races with a `default`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::thread;

use crate::common::{nobody_waits_at, on_threads, seeded, until_waiting};
use gochan::prelude::*;

#[gochan::test]
fn se_14_a_select_that_was_served_elsewhere_waits_nowhere() {
    let channels = [(); 5].map(|()| chan!(u32));
    for turn in 0..500 {
        let [a, b, c, d, e] = channels.clone();
        let waiting = go!({
            select! {
                v = <-a => v,
                b <- 1 => 1,
                v = <-c => v,
                d <- 2 => 2,
                r = e <- 3 => {
                    r.unwrap();
                    3
                }
            }
        });
        until_waiting(&waiting);
        match turn % 5 {
            0 => send!(channels[0] <- 0),
            2 => send!(channels[2] <- 2),
            at => _ = recv!(channels[at]),
        }
        waiting.join().unwrap();
        channels.iter().for_each(nobody_waits_at);
    }
}

#[gochan::test]
fn se_14_a_select_that_never_had_to_wait_leaves_nothing_behind() {
    let (a, b, ready) = (chan!(u32), chan!(u32), chan!(u32, 1));
    for number in 0..10_000 {
        send!(ready <- number);
        select! {
            v = <-ready => assert_eq!(v, number),
            v = <-a => unreachable!("{v}"),
            b <- 1 => unreachable!(),
        }
        select! {
            v = <-a => unreachable!("{v}"),
            b <- 1 => unreachable!(),
            default => {}
        }
    }
    nobody_waits_at(&a);
    nobody_waits_at(&b);
}

#[gochan::test]
fn se_14_the_loser_of_a_long_loop_of_selects_is_never_in_the_queue() {
    let (busy, quiet) = (chan!(u64), chan!(u64));
    let turns: u64 = if on_threads() { 20_000 } else { 1_000_000 };
    let sender = go!([busy] {
        (0..turns).for_each(|number| send!(busy <- number));
        close!(busy);
    });
    let receiver = go!([busy, quiet] {
        let mut expected = 0;
        loop {
            select! {
                Some(v) = <-busy else { return expected } => {
                    assert_eq!(v, expected);
                    expected += 1;
                    if v % 1000 == 0 {
                        nobody_waits_at(&quiet);
                    }
                }
                v = <-quiet => unreachable!("{v}"),
            }
        }
    });
    assert_eq!(receiver.join().unwrap(), turns);
    sender.join().unwrap();
    nobody_waits_at(&quiet);
}

#[gochan::test]
fn se_14_selects_that_race_for_one_value_lose_without_a_trace() {
    let mut random = seeded();
    for round in 0..300 {
        let (prize, quit) = (chan!(u64), chan!(()));
        let racers: Vec<_> = (0..random.usize(2..8))
            .map(|_| {
                go!([prize, quit] {
                    select! {
                        v = <-prize => Some(v),
                        <-quit => None,
                    }
                })
            })
            .collect();
        if random.bool() {
            racers.iter().for_each(until_waiting);
        }
        send!(prize <- round);
        close!(quit);
        let won: Vec<u64> = racers.into_iter().filter_map(|racer| racer.join().unwrap()).collect();
        assert_eq!(won, [round]);
        nobody_waits_at(&prize);
    }
}

/// Two sides that begin each turn at the same time.
struct StartLine(AtomicU64);

impl StartLine {
    fn meet(&self, turn: u64) {
        self.0.fetch_add(1, SeqCst);
        while self.0.load(SeqCst) < 2 * (turn + 1) {
            // Also when both sides share a core.
            thread::yield_now();
        }
    }
}

const RACES: u64 = 100_000;

/// In each race `act` runs on a thread of its own, beside `select` in a goroutine, which says whether an arm ran.
///
/// One of the two channels is ready at first; `act` makes the other one ready, and only then the first one unready:
/// there is no instant at which none is.
fn race(act: fn(&[Chan<u64>; 2]), select: fn(&[Chan<u64>; 2], &Chan<u64>) -> bool) {
    let (line, next) = (Arc::new(StartLine(AtomicU64::new(0))), chan!([Chan<u64>; 2], 1));
    let third_party = thread::spawn({
        let (line, next) = (line.clone(), next.clone());
        move || {
            for (turn, channels) in (0..).zip(&next) {
                line.meet(turn);
                act(&channels);
            }
        }
    });
    let selecting = go!({
        let never = chan!(u64);
        for turn in 0..RACES {
            let channels = [chan!(u64, 1), chan!(u64, 1)];
            send!(channels[1] <- turn);
            send!(next <- channels.clone());
            line.meet(turn);
            assert!(select(&channels, &never), "race {turn}: default, but something was ready all the time");
        }
        close!(next);
    });
    selecting.join().unwrap();
    third_party.join().unwrap();
}

fn fill_and_drain([a, b]: &[Chan<u64>; 2]) {
    send!(a <- 1);
    _ = b.try_recv();
}

fn receives([a, b]: &[Chan<u64>; 2], never: &Chan<u64>) -> bool {
    select! {
        <-a => true,
        <-never => unreachable!(),
        never <- 1 => unreachable!(),
        <-b => true,
        default => false,
    }
}

fn receives_from_the_other_first([a, b]: &[Chan<u64>; 2], never: &Chan<u64>) -> bool {
    select! {
        <-b => true,
        <-never => unreachable!(),
        <-a => true,
        default => false,
    }
}

#[gochan::test]
fn se_25_a_channel_filled_before_another_is_drained_rules_out_default() {
    race(fill_and_drain, receives);
}

#[gochan::test]
fn se_25_and_so_it_does_with_the_arms_the_other_way_round() {
    race(fill_and_drain, receives_from_the_other_first);
}

#[gochan::test]
fn se_25_a_close_before_the_drain_rules_out_default_as_well() {
    let close_and_drain = |[a, b]: &[Chan<u64>; 2]| {
        close!(a);
        _ = b.try_recv();
    };
    race(close_and_drain, receives);
}

#[gochan::test]
fn se_25_room_in_a_channel_before_another_is_filled_rules_out_default() {
    let drain_and_fill = |[a, b]: &[Chan<u64>; 2]| {
        // Both may find that the select came first.
        _ = b.try_recv();
        _ = a.try_send(2);
    };
    let sends = |[a, b]: &[Chan<u64>; 2], never: &Chan<u64>| {
        select! {
            a <- 3 => true,
            never <- 3 => unreachable!(),
            b <- 4 => true,
            default => false,
        }
    };
    race(drain_and_fill, sends);
}

#[gochan::test]
fn se_25_biased_selects_take_no_wrong_default_either() {
    // The order of polling that misses both unless it is one instant.
    let biased = |[a, b]: &[Chan<u64>; 2], never: &Chan<u64>| {
        select! {
            biased;
            <-a => true,
            <-never => unreachable!(),
            never <- 1 => unreachable!(),
            <-b => true,
            default => false,
        }
    };
    race(fill_and_drain, biased);
}
