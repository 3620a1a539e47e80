//! Rows SE-07, SE-08, SE-20 and SE-26: who meets whom.

use std::thread;

use crate::common::{Seeded, nobody_waits_at, on_a_thread, seeded, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::{JoinHandle, Select};

#[gochan::test]
fn se_07_a_select_never_meets_itself() {
    let ch = chan!(u32);
    for _ in 0..200 {
        let ran = select! {
            ch <- 1 => "sent",
            v = <-ch => {
                assert_eq!(v, 2);
                "received"
            }
            ch <- 2 => "sent",
            default => "default",
        };
        assert_eq!(ran, "default");
    }
    let waiting = go!([ch] {
        select! {
            ch <- 1 => 0,
            v = <-ch => v,
        }
    });
    until_waiting(&waiting);
    send!(ch <- 7);
    assert_eq!(waiting.join().unwrap(), 7);
    let waiting = go!([ch] {
        select! {
            v = <-ch => v,
            ch <- 1 => 0,
        }
    });
    until_waiting(&waiting);
    assert_eq!(recv!(ch), 1);
    assert_eq!(waiting.join().unwrap(), 0);
    nobody_waits_at(&ch);
}

#[gochan::test]
fn se_07_two_selects_that_both_send_and_receive_on_one_channel_meet_each_other() {
    for number in 0..3000 {
        let ch = chan!(u32);
        let both = [0, 1].map(|_| {
            go!([ch] {
                select! {
                    ch <- number => None,
                    v = <-ch => Some(v),
                }
            })
        });
        let mut got = both.map(|one| one.join().unwrap());
        got.sort_unstable();
        assert_eq!(got, [None, Some(number)]);
        nobody_waits_at(&ch);
    }
}

#[gochan::test]
fn se_07_several_arms_of_one_channel_take_one_value() {
    let ch = chan!(u32, 2);
    send!(ch <- 1);
    send!(ch <- 2);
    let first = select! {
        v = <-ch => v,
        v = <-ch => v,
        Some(v) = <-ch => v,
    };
    assert_eq!((first, ch.len()), (1, 1));
    recv!(ch);
    let waiting = go!([ch] {
        select! {
            v = <-ch => v,
            v = <-ch => v + 100,
            Some(v) = <-ch => v + 200,
        }
    });
    until_waiting(&waiting);
    (0..2).for_each(|number| send!(ch <- 5 + number));
    assert_eq!(waiting.join().unwrap() % 100, 5);
    assert_eq!(ch.try_iter().collect::<Vec<u32>>(), [6]);
}

#[gochan::test]
fn se_07_several_arms_of_one_channel_send_one_value() {
    let bare = chan!(u32);
    let waiting = go!([bare] {
        select! {
            bare <- 1 => 1,
            bare <- 2 => 2,
            r = bare <- 3 => {
                r.unwrap();
                3
            }
        }
    });
    until_waiting(&waiting);
    let got = recv!(bare);
    assert_eq!(waiting.join().unwrap(), got);
    nobody_waits_at(&bare);
    let roomy = chan!(u32, 3);
    let sent = select! {
        roomy <- 1 => 1,
        roomy <- 2 => 2,
        roomy <- 3 => 3,
    };
    assert_eq!(roomy.try_iter().collect::<Vec<u32>>(), [sent]);
}

#[gochan::test]
fn se_07_a_buffered_channel_may_be_sent_to_and_received_from_by_one_select() {
    let ch = chan!(u32, 1);
    for number in 0..200 {
        assert!(select! {
            ch <- number => true,
            <-ch => false,
        });
        assert_eq!(
            select! {
                ch <- 1000 => 1000,
                v = <-ch => v,
            },
            number
        );
    }
}

/// One side of a meeting: offers to send on `a` and to receive from `b`, the arms in either order.
fn meet(a: &Chan<u32>, b: &Chan<u32>, number: u32, receive_first: bool, biased: bool) -> Option<u32> {
    match (receive_first, biased) {
        (false, false) => select! {
            a <- number => None,
            v = <-b => Some(v),
        },
        (true, false) => select! {
            v = <-b => Some(v),
            a <- number => None,
        },
        (false, true) => select! {
            biased;
            a <- number => None,
            v = <-b => Some(v),
        },
        (true, true) => select! {
            biased;
            v = <-b => Some(v),
            a <- number => None,
        },
    }
}

#[gochan::test]
fn se_08_two_selects_that_face_each_other_meet_in_any_order_of_arms() {
    const ROUNDS: u32 = 1500;
    for setting in 0..16 {
        let is = |bit: u32| (setting >> bit) & 1 == 1;
        let (a, b) = (chan!(u32), chan!(u32));
        let (order, bias) = (is(0), is(1));
        let other = go!([a, b] {
            (0..ROUNDS).map(|number| meet(&b, &a, number, order, bias)).collect::<Vec<_>>()
        });
        let (order, bias) = (is(2), is(3));
        let mine: Vec<_> = (0..ROUNDS).map(|number| meet(&a, &b, number, order, bias)).collect();
        for (number, (mine, others)) in (0..).zip(mine.into_iter().zip(other.join().unwrap())) {
            let moved = (mine, others);
            assert!(moved == (None, Some(number)) || moved == (Some(number), None), "{setting}: {moved:?}");
        }
        nobody_waits_at(&a);
        nobody_waits_at(&b);
    }
}

#[gochan::test]
fn se_08_two_goroutines_that_face_each_other_meet() {
    let mut random = seeded();
    for _ in 0..1000 {
        let (a, b) = (chan!(u32), chan!(u32));
        let (orders, biases) = ([random.bool(), random.bool()], [random.bool(), random.bool()]);
        let one = go!([a, b] { meet(&a, &b, 1, orders[0], biases[0]) });
        let two = go!([a, b] { meet(&b, &a, 2, orders[1], biases[1]) });
        let moved = (one.join().unwrap(), two.join().unwrap());
        assert!(moved == (None, Some(1)) || moved == (Some(2), None), "{moved:?}");
    }
}

/// Sends `turns` values to the right and receives as many from the left, in whichever order it can.
fn pass_on(left: &Chan<u32>, right: &Chan<u32>, turns: u32) -> u32 {
    let (mut sent, mut received) = (0, 0);
    loop {
        select! {
            right <- sent, if sent < turns => sent += 1,
            v = <-left, if received < turns => {
                assert_eq!(v, received, "in order");
                received += 1;
            }
            else => return received,
        }
    }
}

#[gochan::test]
fn se_08_a_ring_of_four_selects_makes_progress() {
    for members in [2, 3, 4, 7] {
        let ring: Vec<_> = (0..members).map(|_| chan!(u32)).collect();
        let goroutines: Vec<_> = (0..members)
            .map(|at| {
                let (left, right) = (ring[at].clone(), ring[(at + 1) % members].clone());
                go!({ pass_on(&left, &right, 2000) })
            })
            .collect();
        for goroutine in goroutines {
            assert_eq!(goroutine.join().unwrap(), 2000);
        }
        ring.iter().for_each(nobody_waits_at);
    }
}

#[test]
fn se_08_a_ring_of_threads_makes_progress_too() {
    let _watchdog = watchdog();
    let ring = [(); 4].map(|()| chan!(u32));
    let threads = [0, 1, 2, 3].map(|at| {
        let (left, right) = (ring[at].clone(), ring[(at + 1) % 4].clone());
        thread::spawn(move || pass_on(&left, &right, 500))
    });
    assert_eq!(threads.map(|thread| thread.join().unwrap()), [500; 4]);
}

/// Where some of the goroutines below wait besides: one channel to receive from, one to send to.
struct Elsewhere {
    inlet: Chan<u32>,
    outlet: Chan<u32>,
}

impl Elsewhere {
    fn new() -> Self {
        Self { inlet: chan!(u32), outlet: chan!(u32) }
    }

    #[track_caller]
    fn is_left(&self) {
        nobody_waits_at(&self.inlet);
        nobody_waits_at(&self.outlet);
    }

    /// Starts something that waits to receive from `ch`: in turn a plain receiver and two kinds of select.
    fn receiver(&self, ch: &Chan<u32>, place: usize) -> JoinHandle<u32> {
        let (ch, inlet, outlet) = (ch.clone(), self.inlet.clone(), self.outlet.clone());
        let goroutine = match place % 3 {
            0 => go!({ recv!(ch) }),
            1 => go!({
                select! {
                    v = <-inlet => v,
                    v = <-ch => v,
                }
            }),
            _ => go!({
                select! {
                    Some(v) = <-ch => v,
                    outlet <- 0 => 99,
                }
            }),
        };
        until_waiting(&goroutine);
        goroutine
    }

    /// The same for a sender of `number`.
    fn sender(&self, ch: &Chan<u32>, number: u32) -> JoinHandle<()> {
        let (ch, inlet, outlet) = (ch.clone(), self.inlet.clone(), self.outlet.clone());
        let goroutine = match number % 3 {
            0 => go!({ send!(ch <- number) }),
            1 => go!({
                select! {
                    <-inlet => {}
                    ch <- number => {}
                }
            }),
            _ => go!({
                select! {
                    ch <- number => {}
                    outlet <- 1 => {}
                }
            }),
        };
        until_waiting(&goroutine);
        goroutine
    }
}

#[gochan::test]
fn se_20_selects_and_plain_receivers_are_served_in_the_order_they_came() {
    let (ch, elsewhere) = (chan!(u32), Elsewhere::new());
    let waiting: Vec<_> = (0..12).map(|place| elsewhere.receiver(&ch, place)).collect();
    on_a_thread(|| (0..12).for_each(|number| send!(ch <- number)));
    let got: Vec<u32> = waiting.into_iter().map(|waiting| waiting.join().unwrap()).collect();
    assert_eq!(got, (0..12).collect::<Vec<_>>());
    elsewhere.is_left();
}

#[gochan::test]
fn se_20_selects_and_plain_senders_are_served_in_the_order_they_came() {
    for capacity in [0, 2] {
        let (ch, elsewhere) = (chan!(u32, capacity), Elsewhere::new());
        (0..capacity as u32).for_each(|number| send!(ch <- number));
        let numbers = capacity as u32..12;
        let waiting: Vec<_> = numbers.map(|number| elsewhere.sender(&ch, number)).collect();
        let got: Vec<u32> = on_a_thread(|| (0..12).map(|_| recv!(ch)).collect());
        assert_eq!(got, (0..12).collect::<Vec<_>>());
        waiting.into_iter().for_each(|waiting| waiting.join().unwrap());
        elsewhere.is_left();
    }
}

#[gochan::test]
fn se_20_a_select_that_goes_elsewhere_gives_its_place_to_the_next() {
    let (ch, elsewhere) = (chan!(u32), Elsewhere::new());
    let waiting: Vec<_> = (0..9).map(|place| elsewhere.receiver(&ch, place)).collect();
    // Three of the nine receive there.
    on_a_thread(|| {
        (0..3).for_each(|_| send!(elsewhere.inlet <- 100));
        (0..6).for_each(|number| send!(ch <- number));
    });
    let got: Vec<u32> = waiting.into_iter().map(|waiting| waiting.join().unwrap()).collect();
    assert_eq!(got, [0, 100, 1, 2, 100, 3, 4, 100, 5]);
    nobody_waits_at(&ch);
    elsewhere.is_left();
}

/// Offers to send on every channel and to receive from every one, the arms in an order that is drawn.
fn offer_all(channels: &[Chan<u32>], number: u32, random: &mut fastrand::Rng) -> Option<u32> {
    let mut select = Select::new();
    let (mut sends, mut receives) = (Vec::new(), Vec::new());
    let mut arms: Vec<(usize, bool)> = (0..channels.len()).flat_map(|at| [(at, true), (at, false)]).collect();
    random.shuffle(&mut arms);
    for (at, sends_there) in arms {
        if sends_there {
            sends.push(select.send(&channels[at], number));
        } else {
            receives.push(select.recv(&channels[at]));
        }
    }
    let selected = select.wait();
    let index = selected.index();
    if let Some(arm) = receives.into_iter().find(|arm| arm.index() == index) {
        return Some(selected.recv(arm).expect("nobody closes"));
    }
    let arm = sends.into_iter().find(|arm| arm.index() == index).expect("the arm is one of them");
    assert_eq!(selected.send(arm), Ok(()));
    None
}

#[track_caller]
fn mirrored(
    random: &mut Seeded,
    one: fn(&[Chan<u32>], u32, &mut fastrand::Rng) -> Option<u32>,
    channels: usize,
) {
    const ROUNDS: u32 = 1000;
    let channels: Vec<_> = (0..channels).map(|_| chan!(u32)).collect();
    let mut draws = random.fork();
    let other = go!([channels] {
        (0..ROUNDS).map(|number| one(&channels, number, &mut draws)).collect::<Vec<_>>()
    });
    let mut draws = random.fork();
    let mine: Vec<_> = (0..ROUNDS).map(|number| one(&channels, number, &mut draws)).collect();
    let others = other.join().unwrap();
    for (number, moved) in (0..).zip(mine.into_iter().zip(others)) {
        let expected = [(None, Some(number)), (Some(number), None)];
        assert!(expected.contains(&moved), "{} channels, round {number}: {moved:?}", channels.len());
    }
    channels.iter().for_each(nobody_waits_at);
}

#[gochan::test]
fn se_26_mirror_images_move_exactly_one_value_a_round() {
    let mut random = seeded();
    for channels in 2..=8 {
        mirrored(&mut random, offer_all, channels);
    }
}

/// Both offers on every channel, as a `select!`.
macro_rules! offers {
    ($channels:ident, $number:ident: $($at:literal)+) => {
        select! { $($channels[$at] <- $number => None, v = <-$channels[$at] => Some(v),)+ }
    };
}

#[gochan::test]
fn se_26_mirror_images_written_as_macros_move_exactly_one_value_a_round() {
    let mut random = seeded();
    mirrored(&mut random, |ch, number, _| offers!(ch, number: 0 1), 2);
    mirrored(&mut random, |ch, number, _| offers!(ch, number: 0 1 2), 3);
    mirrored(&mut random, |ch, number, _| offers!(ch, number: 0 1 2 3 4), 5);
    mirrored(&mut random, |ch, number, _| offers!(ch, number: 0 1 2 3 4 5 6 7), 8);
}
