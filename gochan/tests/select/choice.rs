//! Rows SE-01, SE-03, SE-04, SE-15 and SE-16: which arm runs. That the choice is fair is in `fair.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::*};

use crate::channels::{closed, full};
use crate::common::{is_waiting, nobody_waits_at, seeded, until_waiting, watchdog};
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::{JoinHandle, runtime};

#[gochan::test]
fn se_01_the_one_ready_arm_runs_and_the_others_channels_stay_as_they_were() {
    for ready in 0..6 {
        // Three arms that receive and three that send, none ready: empty, full, or nobody there.
        let (bare_in, bare_out) = (chan!(u32), chan!(u32));
        let (empty, filled) = (chan!(u32, 2), full(50));
        let (late_in, late_out) = (chan!(u32, 1), full(51));
        let partner = match ready {
            0 => Some(go!([bare_in] {
                send!(bare_in <- 10);
                0
            })),
            1 => Some(go!([bare_out] { recv!(bare_out) })),
            _ => None,
        };
        match ready {
            0 | 1 => until_waiting(partner.as_ref().expect("it was just started")),
            2 => send!(empty <- 12),
            3 => assert_eq!(recv!(filled), 50),
            4 => send!(late_in <- 14),
            _ => assert_eq!(recv!(late_out), 51),
        }
        let ran = select! {
            v = <-bare_in => (0, v),
            bare_out <- 11 => (1, 0),
            v = <-empty => (2, v),
            filled <- 13 => (3, 0),
            v = <-late_in => (4, v),
            late_out <- 15 => (5, 0),
        };
        assert_eq!(ran, (ready, [10, 0, 12, 0, 14, 0][ready]));
        if let Some(partner) = partner {
            assert_eq!(partner.join().unwrap(), [0, 11][ready]);
        }
        nobody_waits_at(&bare_in);
        nobody_waits_at(&bare_out);
        assert_eq!((empty.len(), late_in.len()), (0, 0));
        assert_eq!(filled.try_recv(), Ok(if ready == 3 { 13 } else { 50 }));
        assert_eq!(late_out.try_recv(), Ok(if ready == 5 { 15 } else { 51 }));
        // A value that a losing arm had put somewhere would show now.
        for ch in [&empty, &filled, &late_in, &late_out] {
            assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
        }
    }
}

#[gochan::test]
fn se_01_a_ready_arm_among_buffered_ones_takes_one_value_only() {
    let (a, b) = (chan!(u32, 3), chan!(u32, 3));
    (0..3).for_each(|number| send!(a <- number));
    for number in 0..3 {
        select! {
            v = <-a => assert_eq!(v, number),
            _ = <-b => panic!("nothing is in it"),
        }
        assert_eq!((a.len(), b.len()), (2 - number as usize, 0));
    }
}

#[gochan::test]
fn se_03_with_nothing_ready_it_waits_and_then_runs_exactly_one_arm() {
    for ready in 0..4 {
        let (a, b, c, d) = (chan!(u32), chan!(u32, 1), chan!(u32), full(9));
        let bodies = Arc::new(AtomicU32::new(0));
        let waiting = go!([a, b, c, d, bodies] {
            select! {
                v = <-a => {
                    bodies.fetch_add(1, SeqCst);
                    (0, v)
                }
                v = <-b => {
                    bodies.fetch_add(1, SeqCst);
                    (1, v)
                }
                c <- 7 => {
                    bodies.fetch_add(1, SeqCst);
                    (2, 0)
                }
                d <- 8 => {
                    bodies.fetch_add(1, SeqCst);
                    (3, 0)
                }
            }
        });
        until_waiting(&waiting);
        assert!(!waiting.is_finished() && bodies.load(SeqCst) == 0);
        match ready {
            0 => send!(a <- 5),
            1 => send!(b <- 6),
            2 => assert_eq!(recv!(c), 7),
            _ => assert_eq!(recv!(d), 9),
        }
        assert_eq!(waiting.join().unwrap(), (ready, [5, 6, 0, 0][ready]));
        assert_eq!(bodies.load(SeqCst), 1);
        nobody_waits_at(&a);
        nobody_waits_at(&c);
        assert_eq!(b.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(d.try_recv(), Ok(if ready == 3 { 8 } else { 9 }));
        assert_eq!(d.try_recv(), Err(TryRecvError::Empty), "the loser's value is not sent");
    }
}

#[gochan::test]
fn se_03_arms_that_become_ready_together_still_run_one_body() {
    for _ in 0..2000 {
        let channels = [(); 4].map(|()| chan!(u32));
        let waiting = go!([channels] {
            let [a, b, c, d] = channels;
            select! {
                v = <-a => v,
                v = <-b => v,
                v = <-c => v,
                v = <-d => v,
            }
        });
        // All four hurry to be the one that it receives from.
        let senders = [0, 1, 2, 3].map(|at| go!([ch = channels[at]] { ch.send(at as u32).is_ok() }));
        let received = waiting.join().unwrap() as usize;
        channels.iter().for_each(|ch| _ = ch.close());
        let sent = senders.map(|sender| sender.join().unwrap());
        assert!(sent[received], "{received} of {sent:?}");
        assert_eq!(sent.iter().filter(|sent| **sent).count(), 1, "{received} of {sent:?}");
    }
}

#[gochan::test]
fn se_04_default_runs_at_once_when_nothing_is_ready() {
    let (empty, filled, bare) = (chan!(u32, 1), full(3), chan!(u32));
    let ran = select! {
        <-empty => "empty",
        filled <- 1 => "filled",
        <-bare => "receive",
        bare <- 2 => "send",
        default => "default",
    };
    assert_eq!(ran, "default");
    assert_eq!((empty.len(), filled.try_recv()), (0, Ok(3)));
    nobody_waits_at(&bare);
    assert_eq!(
        select! {
            default => "alone",
        },
        "alone"
    );
}

#[gochan::test]
fn se_04_default_does_not_run_when_something_is_ready() {
    for ready in 0..5 {
        for _ in 0..200 {
            let (a, b, bare) = (chan!(u32, 1), full(3), chan!(u32));
            let partner = match ready {
                2 => Some(go!([bare] { send!(bare <- 1) })),
                3 => Some(go!([bare] {
                    recv!(bare);
                })),
                _ => None,
            };
            match ready {
                0 => send!(a <- 1),
                1 => _ = recv!(b),
                4 => close!(a),
                _ => until_waiting(partner.as_ref().expect("it was just started")),
            }
            let ran = select! {
                default => 9,
                <-a => 0,
                b <- 1 => 1,
                <-bare => 2,
                bare <- 2 => 3,
            };
            assert_eq!(ran, ready % 4);
            if let Some(partner) = partner {
                partner.join().unwrap();
            }
        }
    }
}

#[gochan::test]
fn se_04_a_value_that_was_sent_before_the_select_is_never_missed() {
    let (filled, never) = (chan!(u32, 1), chan!(u32));
    let filler = go!([filled] {
        for number in 0..20_000 {
            send!(filled <- number);
        }
    });
    let mut next = 0;
    while next < 20_000 {
        // Only this goroutine receives, so what is seen here stays.
        let there = !filled.is_empty();
        select! {
            v = <-filled => {
                assert_eq!(v, next);
                next += 1;
            }
            <-never => unreachable!(),
            default => {
                assert!(!there, "value {next} was there");
                runtime::gosched();
            }
        }
    }
    filler.join().unwrap();
}

#[gochan::test]
fn se_15_biased_takes_the_first_ready_arm_of_the_source() {
    for ready in 0_u32..16 {
        let is = |arm: u32| (ready >> arm) & 1 == 1;
        for _ in 0..20 {
            let (a, b) = (chan!(u32, 1), if is(1) { chan!(u32, 1) } else { full(0) });
            let (c, d) = (if is(2) { closed::<u32>() } else { chan!(u32) }, chan!(u32, 1));
            if is(0) {
                send!(a <- 1);
            }
            if is(3) {
                send!(d <- 1);
            }
            let ran = select! {
                biased;
                <-a => 0,
                b <- 2 => 1,
                <-c => 2,
                default => 4,
                <-d => 3,
            };
            assert_eq!(ran, ready.trailing_zeros().min(4), "ready: {ready:04b}");
            // What came after the arm that ran was not touched.
            assert_eq!(d.len(), usize::from(is(3) && ran != 3));
        }
    }
}

#[gochan::test]
fn se_15_biased_waits_like_any_other() {
    let (a, b) = (chan!(u32), chan!(u32));
    let waiting = go!([a, b] {
        select! {
            biased;
            v = <-a => (0, v),
            v = <-b => (1, v),
        }
    });
    until_waiting(&waiting);
    send!(b <- 5);
    assert_eq!(waiting.join().unwrap(), (1, 5));
    nobody_waits_at(&a);
}

#[gochan::test]
fn se_15_without_it_the_source_order_does_not_win() {
    let (a, b) = (closed::<u32>(), closed::<u32>());
    // 64 draws of the first of two are no accident.
    assert!((0..64).any(|_| select! {
        <-a => false,
        <-b => true,
    }));
    assert!((0..64).all(|_| select! {
        biased;
        <-a => true,
        <-b => false,
    }));
}

macro_rules! sixty_four {
    ($channels:ident: $($arm:literal)+) => { select! { $(v = <-$channels[$arm] => ($arm, v),)+ } };
    ($channels:ident) => {
        sixty_four!($channels: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
    };
}

#[gochan::test]
fn se_16_sixty_four_arms_of_which_one_is_ready() {
    let channels = [(); 64].map(|()| chan!(u32, 1));
    for ready in 0..64 {
        send!(channels[ready] <- ready as u32);
        assert_eq!(sixty_four!(channels), (ready, ready as u32));
    }
}

#[gochan::test]
fn se_16_sixty_four_arms_that_wait() {
    let mut random = seeded();
    let channels = Arc::new([(); 64].map(|()| chan!(u32)));
    for number in 0..200 {
        let waiting = go!([channels] { sixty_four!(channels) });
        until_waiting(&waiting);
        let ready = random.usize(..64);
        send!(channels[ready] <- number);
        assert_eq!(waiting.join().unwrap(), (ready, number));
        channels.iter().for_each(nobody_waits_at);
    }
}

#[gochan::test]
fn se_16_one_arm_is_the_plain_operation() {
    let ch = full(4);
    assert_eq!(
        select! {
            v = <-ch => v,
        },
        4
    );
    select! {
        ch <- 5 => {}
    }
    assert_eq!(recv!(ch), 5);
    let receiver = go!([ch] {
        select! {
            v = <-ch => v,
        }
    });
    until_waiting(&receiver);
    send!(ch <- 6);
    assert_eq!(receiver.join().unwrap(), 6);
}

#[test]
fn se_16_no_arm_at_all_blocks_for_ever() {
    let _watchdog = watchdog();
    fn never() -> ! {
        select! {}
    }
    let blocked: JoinHandle<()> = go!(never());
    until_waiting(&blocked);
    // The others go on.
    let ch = chan!(u32);
    for number in 0..1000 {
        go!([ch] { send!(ch <- number) });
    }
    assert_eq!((0..1000).map(|_| recv!(ch)).sum::<u32>(), 499_500);
    assert!(is_waiting(&blocked) && !blocked.is_finished());
}
