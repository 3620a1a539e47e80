//! Row SE-02: among ready arms the choice is uniform.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::*};

use crate::channels::{closed, full};
use crate::common::chance::is_uniform;
use crate::common::{until_waiting, watchdog};
use gochan::prelude::*;

const DRAWS: usize = 100_000;

/// One test a number of arms: the arms are closed channels, which are always ready.
macro_rules! draws {
    ($($name:ident: $($arm:literal)+;)+) => {$(
        #[test]
        fn $name() {
            let _watchdog = watchdog();
            const ARMS: usize = [$($arm),+].len();
            let channels = [(); ARMS].map(|()| closed::<u32>());
            let (mut seen, mut pairs) = ([0; ARMS], vec![0; ARMS * ARMS]);
            let mut last = 0;
            for _ in 0..DRAWS {
                let arm = select! { $(<-channels[$arm] => $arm,)+ };
                seen[arm] += 1;
                pairs[last * ARMS + arm] += 1;
                last = arm;
            }
            is_uniform(&seen, "arms");
            // A mere rotation would pass the line above.
            is_uniform(&pairs, "pairs of successive arms");
        }
    )+};
}

draws! {
    se_02_two_ready_arms_are_chosen_alike: 0 1;
    se_02_three_ready_arms_are_chosen_alike: 0 1 2;
    se_02_four_ready_arms_are_chosen_alike: 0 1 2 3;
    se_02_five_ready_arms_are_chosen_alike: 0 1 2 3 4;
    se_02_six_ready_arms_are_chosen_alike: 0 1 2 3 4 5;
    se_02_seven_ready_arms_are_chosen_alike: 0 1 2 3 4 5 6;
    se_02_eight_ready_arms_are_chosen_alike: 0 1 2 3 4 5 6 7;
}

#[gochan::test]
fn se_02_what_is_not_ready_does_not_bend_the_choice_among_the_rest() {
    // A walk from a random arm to the next ready one would take the last of these five times in eight.
    let (ready, never) = ([(); 3].map(|()| closed::<u32>()), chan!(u32));
    let mut seen = [0; 3];
    for _ in 0..DRAWS {
        let arm = select! {
            <-ready[0] => 0,
            <-ready[1] => 1,
            <-never => unreachable!(),
            <-never => unreachable!(),
            never <- 1 => unreachable!(),
            <-never, if false => unreachable!(),
            <-Chan::<u32>::nil() => unreachable!(),
            <-ready[2] => 2,
        };
        seen[arm] += 1;
    }
    is_uniform(&seen, "arms");
}

#[gochan::test]
fn se_02_sends_and_receives_are_chosen_alike() {
    let (inlet, outlet, end) = (chan!(u32, 1), full(0), closed::<u32>());
    let mut seen = [0; 3];
    for _ in 0..DRAWS {
        select! {
            inlet <- 1 => {
                seen[0] += 1;
                recv!(inlet);
            }
            <-outlet => {
                seen[1] += 1;
                send!(outlet <- 0);
            }
            <-end => seen[2] += 1,
        }
    }
    is_uniform(&seen, "arms");
}

#[gochan::test]
fn se_02_partners_that_wait_are_chosen_alike() {
    const TURNS: u32 = 4000;
    let (channels, begun) = ([(); 4].map(|()| chan!(u32)), Arc::new(AtomicU32::new(0)));
    let partners = [0, 1, 2, 3].map(|at| {
        go!([ch = channels[at], begun] {
            let mut open = true;
            while open {
                begun.fetch_add(1, SeqCst);
                open = if at % 2 == 0 { ch.send(1).is_ok() } else { ch.recv().is_some() };
            }
        })
    });
    let mut seen = [0; 4];
    for turn in 0..TURNS {
        // Who took part in the last turn is back, and waits again.
        crate::common::until(|| begun.load(SeqCst) == 4 + turn);
        partners.iter().for_each(until_waiting);
        let arm = select! {
            <-channels[0] => 0,
            channels[1] <- 1 => 1,
            <-channels[2] => 2,
            channels[3] <- 1 => 3,
        };
        seen[arm] += 1;
    }
    channels.iter().for_each(|ch| _ = ch.close());
    partners.into_iter().for_each(|partner| partner.join().unwrap());
    is_uniform(&seen, "arms");
}

#[gochan::test]
fn se_02_the_first_draw_of_each_goroutine_is_fair_too() {
    const GOROUTINES: usize = 10_000;
    let (a, b) = (closed::<u32>(), closed::<u32>());
    let mut seen = [0; 2];
    for _ in 0..GOROUTINES {
        let drawn = go!([a, b] {
            select! {
                <-a => 0,
                <-b => 1,
            }
        });
        seen[drawn.join().unwrap()] += 1;
    }
    is_uniform(&seen, "arms");
}
