//! Rows SE-09 to SE-12: closed channels, nil channels and arms that are off.

use crate::channels::closed;
use crate::common::{
    is_waiting, message, nobody_waits_at, panic_of, place_of_panic, until_waiting, watchdog,
};
use gochan::chan::SendError;
use gochan::prelude::*;

#[gochan::test]
fn se_09_a_closed_channel_is_ready_to_receive_the_zero_value() {
    let (end, never) = (closed::<u64>(), chan!(u64));
    assert_eq!(
        select! {
            v = <-end => v,
            v = <-never => v + 1,
        },
        0
    );
    assert_eq!(
        select! {
            v, ok = <-end => (v, ok),
            <-never => (1, true),
        },
        (0, false)
    );
    assert!(select! {
        <-end => true,
        <-never => false,
    });
    assert!(select! {
        <-end => true,
        default => false,
    });
    assert_eq!(
        select! {
            Some(v) = <-end else 7 => v,
            v = <-never => v,
        },
        7
    );
}

#[gochan::test]
fn se_09_what_is_buffered_comes_before_the_end() {
    let ch = chan!(u64, 2);
    (1..=2).for_each(|number| send!(ch <- number));
    close!(ch);
    let receive = || {
        select! {
            v, ok = <-ch => (v, ok),
            default => (9, false),
        }
    };
    assert_eq!([receive(), receive(), receive(), receive()], [(1, true), (2, true), (0, false), (0, false)]);
}

#[gochan::test]
#[rustfmt::skip] // The lines count.
fn se_09_a_send_on_a_closed_channel_panics_at_the_select() {
    let (end, never) = (closed::<u32>(), chan!(u32));
    let value = 1;
    assert_eq!(panic_of(|| select! { end <- 1 => {}, <-never => {} }), "send on closed channel");
    assert_eq!(panic_of(|| select! { end <- value => {}, default => {} }), "send on closed channel");
    let line = line!() + 1;
    let place = place_of_panic(|| select! { end <- 1 => {}, <-never => {} });
    assert_eq!(place, (file!().to_owned(), line));
    let line = line!() + 1;
    let place = place_of_panic(|| select! { end <- value => {}, <-never => {} });
    assert_eq!(place, (file!().to_owned(), line));
}

#[gochan::test]
fn se_09_a_full_channel_that_is_closed_panics_too() {
    let ch = chan!(u32, 1);
    send!(ch <- 1);
    close!(ch);
    assert_eq!(
        panic_of(|| select! {
            ch <- 2 => {}
            default => {}
        }),
        "send on closed channel"
    );
    assert_eq!(ch.recv(), Some(1));
}

#[gochan::test]
fn se_09_a_send_that_asks_for_its_result_fails_with_the_value() {
    let (end, open) = (closed::<String>(), chan!(String, 1));
    let place = "place".to_owned();
    assert_eq!(
        select! {
            r = end <- place => r,
        },
        Err(SendError("place".to_owned()))
    );
    assert_eq!(
        select! {
            r = end <- "made".to_owned() => r,
            default => Ok(()),
        },
        Err(SendError("made".to_owned()))
    );
    assert_eq!(
        select! {
            r = open <- "sent".to_owned() => r,
        },
        Ok(())
    );
    assert_eq!(recv!(open), "sent");
}

#[gochan::test]
fn se_09_a_send_without_receivers_says_so() {
    let (tx, rx) = chan!(u32, 1).split();
    drop(rx);
    let said = panic_of(|| {
        select! {
            tx <- 1 => {}
        }
    });
    assert!(said.starts_with("send on closed channel") && said.contains("receiv"), "{said}");
    assert_eq!(
        select! {
            r = tx <- 1 => r,
            default => Ok(()),
        },
        Err(SendError(1))
    );
}

#[gochan::test]
fn se_10_close_wakes_a_waiting_select_with_the_right_arm() {
    for closing in 0..4 {
        let channels = [(); 4].map(|()| chan!(u32));
        let waiting = go!([channels] {
            let [a, b, c, d] = channels;
            select! {
                v, ok = <-a => (0, v, ok),
                Some(v) = <-b else (1, 0, false) => (1, v, true),
                r = c <- 5 => (2, r.err().map_or(0, |SendError(back)| back), false),
                v, ok = <-d => (3, v, ok),
            }
        });
        until_waiting(&waiting);
        close!(channels[closing]);
        let expected = (closing, if closing == 2 { 5 } else { 0 }, false);
        assert_eq!(waiting.join().unwrap(), expected);
        (0..4).filter(|at| *at != closing).for_each(|at| nobody_waits_at(&channels[at]));
    }
}

#[gochan::test]
fn se_10_close_panics_a_select_that_waits_to_send() {
    let (ch, other) = (chan!(String), chan!(u32));
    let place = "place".to_owned();
    let waiting = [
        go!([ch, other] {
            select! {
                ch <- "made".to_owned() => {}
                <-other => {}
            }
        }),
        go!([ch, other] {
            select! {
                ch <- place => {}
                <-other => {}
            }
        }),
    ];
    waiting.iter().for_each(until_waiting);
    close!(ch);
    for waiting in waiting {
        assert_eq!(message(&*waiting.join().unwrap_err()), "send on closed channel");
    }
    nobody_waits_at(&other);
}

#[gochan::test]
fn se_10_the_drop_of_the_last_sender_wakes_like_a_close() {
    let (tx, rx) = chan!(u32).split();
    let other = chan!(u32);
    let waiting = go!([other] {
        select! {
            v, ok = <-rx => (v, ok),
            <-other => (1, true),
        }
    });
    until_waiting(&waiting);
    drop(tx.clone());
    assert!(is_waiting(&waiting));
    drop(tx);
    assert_eq!(waiting.join().unwrap(), (0, false));
    nobody_waits_at(&other);
}

#[gochan::test]
fn se_10_the_drop_of_the_last_receiver_wakes_who_offers_to_send() {
    let (tx, rx) = chan!(u32).split();
    let other = chan!(u32);
    let asks = go!([tx, other] {
        select! {
            r = tx <- 3 => r,
            <-other => Ok(()),
        }
    });
    let insists = go!([other] {
        select! {
            tx <- 3 => {}
            <-other => {}
        }
    });
    until_waiting(&asks);
    until_waiting(&insists);
    drop(rx);
    assert_eq!(asks.join().unwrap(), Err(SendError(3)));
    let payload = insists.join().unwrap_err();
    assert!(message(&*payload).contains("receiv"), "{}", message(&*payload));
    nobody_waits_at(&other);
}

#[gochan::test]
fn se_10_close_wakes_every_select_that_waits() {
    let (quit, never) = (chan!(()), chan!(u32));
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            go!([quit, never] {
                select! {
                    <-quit => 1,
                    v = <-never => v,
                }
            })
        })
        .collect();
    waiting.iter().for_each(until_waiting);
    close!(quit);
    assert_eq!(waiting.into_iter().map(|waiting| waiting.join().unwrap()).sum::<u32>(), 100);
    nobody_waits_at(&never);
}

#[gochan::test]
fn se_11_nil_channels_and_false_guards_turn_an_arm_off() {
    let (ready, room) = (closed::<u32>(), chan!(u32, 1));
    let (no_sender, no_receiver): (Option<Sender<u32>>, Option<&Chan<u32>>) = (None, None);
    for _ in 0..50 {
        let ran = select! {
            <-Receiver::<u32>::nil() => 0,
            Sender::nil() <- 1 => 1,
            Chan::nil() <- 1 => 2,
            <-no_receiver => 3,
            no_sender <- 1 => 4,
            <-ready, if false => 5,
            room <- 1, if ready.is_nil() => 6,
            _r = room <- 1, if false => 7,
            Some(_) = <-ready else 8, if false => 8,
            default => 9,
        };
        assert_eq!(ran, 9);
    }
    assert_eq!(room.len(), 0);
    assert_eq!(
        select! {
            v = <-Some(&room) => v,
            Some(room.sender()) <- 4 => recv!(room),
        },
        4
    );
}

#[gochan::test]
fn se_11_an_arm_that_is_on_wins_over_those_that_are_off() {
    let (ready, on) = (closed::<u32>(), chan!(u32));
    let waiting = go!([on] {
        select! {
            <-ready, if false => 1,
            <-Chan::<u32>::nil() => 2,
            v = <-on, if true => v,
            else => 3,
        }
    });
    until_waiting(&waiting);
    send!(on <- 9);
    assert_eq!(waiting.join().unwrap(), 9);
}

#[gochan::test]
fn se_11_with_every_arm_off_else_or_default_runs() {
    let (nil, ready) = (Chan::<u32>::nil(), closed::<u32>());
    assert_eq!(
        select! {
            <-nil => 1,
            nil <- 1 => 2,
            <-ready, if false => 3,
            else => 4,
        },
        4
    );
    assert_eq!(
        select! {
            <-nil => 1,
            nil <- 1 => 2,
            <-ready, if false => 3,
            default => 4,
        },
        4
    );
    assert_eq!(
        select! {
            biased;
            else => 5,
            <-nil => 1,
        },
        5
    );
    assert_eq!(
        select! {
            else => 6,
        },
        6
    );
    assert_eq!(
        select! {
            Some(v) = <-ready => v,
            else => 7,
        },
        7
    );
}

#[gochan::test]
fn se_11_else_does_not_run_while_an_arm_is_on() {
    let (ready, nil) = (closed::<u32>(), Chan::<u32>::nil());
    assert_eq!(
        select! {
            <-nil => 1,
            v, ok = <-ready => {
                if ok {
                    v
                } else {
                    2
                }
            }
            else => 3,
        },
        2
    );
    let (a, b) = (chan!(u32), chan!(u32));
    let waiting = go!([a, b] {
        select! {
            Some(v) = <-a => v,
            b <- 1, if false => 2,
            else => 3,
        }
    });
    until_waiting(&waiting);
    send!(a <- 5);
    assert_eq!(waiting.join().unwrap(), 5);
}

#[test]
fn se_11_with_every_arm_off_and_no_else_it_blocks_for_ever() {
    let _watchdog = watchdog();
    let (nil, ready) = (Chan::<u32>::nil(), closed::<u32>());
    let blocked = [
        go!([nil] {
            select! {
                <-nil => {}
                nil <- 1 => {}
            }
        }),
        go!([ready] {
            select! {
                v = <-ready, if false => _ = v,
            }
        }),
        go!([ready] {
            select! {
                Some(v) = <-ready => _ = v,
            }
        }),
    ];
    blocked.iter().for_each(until_waiting);
    // Nothing that others do to those channels brings it back.
    for _ in 0..100 {
        assert_eq!(ready.recv(), None);
        assert!(nil.try_recv().is_err());
    }
    assert!(blocked.iter().all(is_waiting));
}

#[gochan::test]
fn se_12_a_some_arm_is_off_once_its_channel_is_closed() {
    let (end, other) = (closed::<u32>(), chan!(u32, 1));
    for number in 0..100 {
        send!(other <- number);
        assert_eq!(
            select! {
                Some(v) = <-end => v + 1000,
                v = <-other => v,
            },
            number
        );
    }
    assert_eq!(
        select! {
            Some(v) = <-end => v,
            default => 7,
        },
        7
    );
    let drained = chan!(u32, 1);
    send!(drained <- 3);
    close!(drained);
    assert_eq!(
        select! {
            Some(v) = <-drained => v,
            else => 8,
        },
        3
    );
    assert_eq!(
        select! {
            Some(v) = <-drained => v,
            else => 8,
        },
        8
    );
}

#[gochan::test]
fn se_12_a_some_arm_goes_off_while_it_waits() {
    let (a, b) = (chan!(u32), chan!(u32));
    let waiting = go!([a, b] {
        select! {
            Some(v) = <-a => (0, v),
            Some(v) = <-b => (1, v),
            else => (2, 0),
        }
    });
    until_waiting(&waiting);
    close!(a);
    // The other arm goes on waiting: a send to it is taken.
    until_waiting(&waiting);
    assert!(!waiting.is_finished());
    send!(b <- 6);
    assert_eq!(waiting.join().unwrap(), (1, 6));

    let (a, b) = (chan!(u32), chan!(u32));
    let waiting = go!([a, b] {
        select! {
            Some(v) = <-a => (0, v),
            Some(v) = <-b => (1, v),
            else => (2, 0),
        }
    });
    until_waiting(&waiting);
    close!(b);
    until_waiting(&waiting);
    close!(a);
    assert_eq!(waiting.join().unwrap(), (2, 0));
}

#[gochan::test]
fn se_12_two_inputs_are_merged_until_both_are_closed() {
    const EACH: u64 = 2000;
    for capacity in [0, 1, 5] {
        let (evens, odds) = (chan!(u64, capacity), chan!(u64, capacity));
        go!([evens] {
            (0..EACH).for_each(|number| send!(evens <- 2 * number));
            close!(evens);
        });
        go!([odds] {
            (0..EACH / 2).for_each(|number| send!(odds <- 2 * number + 1));
            close!(odds);
        });
        let (mut next_even, mut next_odd) = (0, 1);
        loop {
            select! {
                Some(v) = <-evens => {
                    assert_eq!(v, next_even);
                    next_even += 2;
                }
                Some(v) = <-odds => {
                    assert_eq!(v, next_odd);
                    next_odd += 2;
                }
                else => break,
            }
        }
        assert_eq!((next_even, next_odd), (2 * EACH, EACH + 1));
    }
}

#[gochan::test]
fn se_12_else_of_the_arm_runs_once_its_channel_is_closed() {
    struct NoZero(u32);
    let (ch, never) = (Chan::<NoZero>::with_capacity(1), chan!(u32));
    assert!(ch.send(NoZero(1)).is_ok());
    close!(ch);
    let mut seen = Vec::new();
    loop {
        select! {
            Some(NoZero(v)) = <-ch else { break } => seen.push(v),
            <-never => unreachable!(),
        }
    }
    assert_eq!(seen, [1]);

    let (tx, rx) = Chan::<NoZero>::new().split();
    let waiting = go!([never] {
        select! {
            Some(v) = <-rx else return Err("closed") => Ok(v.0),
            v = <-never => Ok(v),
        }
    });
    until_waiting(&waiting);
    drop(tx);
    assert_eq!(waiting.join().unwrap(), Err("closed"));
    nobody_waits_at(&never);
}
