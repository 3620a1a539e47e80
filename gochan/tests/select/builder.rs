//! Row SE-22: the builder for sets of operations known only at run time.

use std::time::{Duration, Instant};

use crate::channels::full;
use crate::common::{MOMENT, nobody_waits_at, seeded, until_waiting};
use gochan::Select;
use gochan::chan::{SendError, TryRecvError};
use gochan::prelude::*;

#[gochan::test]
fn se_22_the_ready_operation_is_named_by_its_index_and_its_value_comes_back() {
    let (numbers, words, bare) = (full(7_u32), full("word".to_owned()), chan!(u8));
    let mut select = Select::new();
    let number = select.recv(&numbers);
    let word = select.recv(&words);
    let byte = select.send(&bare, 5);
    assert_eq!((number.index(), word.index(), byte.index()), (0, 1, 2));
    let mut seen = [false; 2];
    for _ in 0..2 {
        let selected = select.wait();
        seen[selected.index()] = true;
        match selected.index() {
            0 => assert_eq!(selected.recv(number), Some(7)),
            1 => assert_eq!(selected.recv(word), Some("word".to_owned())),
            other => unreachable!("{other}"),
        }
    }
    assert_eq!(seen, [true; 2]);
    assert!(select.try_wait().is_none());
    nobody_waits_at(&bare);
}

#[gochan::test]
fn se_22_it_waits_until_an_operation_is_ready() {
    for ready in 0..3 {
        let (a, b, c) = (chan!(u32), chan!(String), chan!(u32));
        let waiting = go!([a, b, c] {
            let mut select = Select::new();
            let (from_a, from_b, to_c) = (select.recv(&a), select.recv(&b), select.send(&c, 3));
            let selected = select.wait();
            match selected.index() {
                0 => (0, selected.recv(from_a).map(|v| v.to_string())),
                1 => (1, selected.recv(from_b)),
                _ => (2, selected.send(to_c).err().map(|SendError(v)| v.to_string())),
            }
        });
        until_waiting(&waiting);
        match ready {
            0 => send!(a <- 1),
            1 => send!(b <- "two".to_owned()),
            _ => assert_eq!(recv!(c), 3),
        }
        let expected = [Some("1"), Some("two"), None][ready];
        assert_eq!(waiting.join().unwrap(), (ready, expected.map(str::to_owned)));
        nobody_waits_at(&a);
        nobody_waits_at(&b);
        nobody_waits_at(&c);
    }
}

#[gochan::test]
fn se_22_it_meets_the_select_macro() {
    let (a, b) = (chan!(u32), chan!(u32));
    let other = go!([a, b] {
        let mut sum = 0;
        for _ in 0..1000 {
            select! {
                v = <-a => sum += v,
                b <- 1 => {}
            }
        }
        sum
    });
    let mut select = Select::new();
    let (to_a, from_b) = (select.send(&a, 0), select.recv(&b));
    let mut sent = 0;
    for number in 1..=1000 {
        let selected = select.wait();
        if selected.index() == to_a.index() {
            assert_eq!(selected.send(to_a), Ok(()));
            sent += number - 1;
        } else {
            assert_eq!(selected.recv(from_b), Some(1));
        }
        select.refill(to_a, number);
    }
    assert_eq!(other.join().unwrap(), sent);
    nobody_waits_at(&a);
    nobody_waits_at(&b);
}

#[gochan::test]
fn se_22_the_choice_among_ready_operations_is_fair_unless_biased() {
    const DRAWS: u32 = 40_000;
    let channels = [(); 4].map(|()| chan!(u32));
    channels.iter().for_each(|ch| close!(ch));
    let mut select = Select::new();
    channels.iter().for_each(|ch| _ = select.recv(ch));
    let mut seen = [0_u32; 4];
    for _ in 0..DRAWS {
        seen[select.wait().index()] += 1;
    }
    // Ten thousand each, give or take 87 as a rule; six times that once in five hundred million.
    assert!(seen.iter().all(|times| times.abs_diff(DRAWS / 4) < 6 * 87), "{seen:?}");

    let never = chan!(u32);
    let mut select = Select::new().biased();
    select.recv(&never);
    channels.iter().for_each(|ch| _ = select.recv(ch));
    assert!((0..1000).all(|_| select.wait().index() == 1));
}

#[gochan::test]
fn se_22_an_operation_received_from_stays_and_one_sent_is_off_until_refilled() {
    let (inn, out) = (chan!(u32, 3), chan!(String, 9));
    let mut select = Select::new();
    let (from, to) = (select.recv(&inn), select.send(&out, "first".to_owned()));
    let selected = select.try_wait().expect("there is room");
    assert_eq!((selected.index(), selected.send(to)), (1, Ok(())));
    assert!(select.try_wait().is_none(), "there is nothing left to send");
    (0..3).for_each(|number| send!(inn <- number));
    for number in 0..3 {
        let selected = select.try_wait().expect("there is a value");
        assert_eq!((selected.index(), selected.recv(from)), (0, Some(number)));
    }
    assert!(select.try_wait().is_none());
    select.refill(to, "second".to_owned());
    let selected = select.wait();
    assert_eq!((selected.index(), selected.send(to)), (1, Ok(())));
    assert_eq!(out.try_iter().collect::<Vec<_>>(), ["first", "second"]);
}

#[gochan::test]
fn se_22_a_closed_channel_stays_ready_until_it_is_removed() {
    let (a, b) = (chan!(u32, 1), chan!(u32, 1));
    let mut select = Select::new();
    let (from_a, from_b) = (select.recv(&a), select.recv(&b));
    close!(a);
    for _ in 0..3 {
        let selected = select.wait();
        assert_eq!((selected.index(), selected.recv(from_a)), (0, None));
    }
    select.remove(from_a.index());
    assert!(select.try_wait().is_none());
    send!(b <- 4);
    // The others keep their index.
    let selected = select.wait();
    assert_eq!((selected.index(), selected.recv(from_b)), (1, Some(4)));
}

#[gochan::test]
fn se_22_a_send_on_a_closed_channel_gives_the_value_back() {
    let (ch, never) = (chan!(String), chan!(u32));
    let waiting = go!([ch, never] {
        let mut select = Select::new();
        select.recv(&never);
        let to = select.send(&ch, "back".to_owned());
        let selected = select.wait();
        (selected.index(), selected.send(to))
    });
    until_waiting(&waiting);
    close!(ch);
    assert_eq!(waiting.join().unwrap(), (1, Err(SendError("back".to_owned()))));
    nobody_waits_at(&never);
}

#[gochan::test]
fn se_22_a_value_that_is_not_asked_for_is_dropped() {
    let ledger = crate::common::Ledger::default();
    let ch = full(ledger.value(1));
    let mut select = Select::new();
    select.recv(&ch);
    assert_eq!(select.wait().index(), 0);
    ledger.balances();
    assert!(matches!(ch.try_recv(), Err(TryRecvError::Empty)));
}

#[gochan::test]
fn se_22_nil_channels_are_off() {
    let (nil, ch) = (Chan::<u32>::nil(), full(1));
    let mut select = Select::new();
    select.recv(&nil);
    select.send(&nil, 2);
    assert!(select.try_wait().is_none());
    assert!(select.wait_timeout(MOMENT).is_none());
    let from = select.recv(&ch);
    let selected = select.wait();
    assert_eq!((selected.index(), selected.recv(from)), (2, Some(1)));
}

#[gochan::test]
fn se_22_a_wait_may_be_limited_in_time() {
    let ch = chan!(u32);
    let mut select = Select::new();
    let from = select.recv(&ch);
    let start = Instant::now();
    assert!(select.wait_timeout(4 * MOMENT).is_none());
    assert!(start.elapsed() >= 4 * MOMENT);
    assert!(select.wait_timeout(Duration::ZERO).is_none());
    nobody_waits_at(&ch);
    let sender = go!([ch] { send!(ch <- 3) });
    let selected = select.wait_timeout(Duration::MAX).expect("a value comes");
    assert_eq!(selected.recv(from), Some(3));
    sender.join().unwrap();
}

#[gochan::test]
fn se_22_a_timeout_that_races_with_a_value_loses_nothing() {
    const VALUES: u32 = 3000;
    let mut random = seeded();
    let (a, b) = (chan!(u32), chan!(u32));
    let mut draws = random.fork();
    let sender = go!([a, b] {
        for number in 0..VALUES {
            if draws.bool() { send!(a <- number) } else { send!(b <- number) }
        }
    });
    let receiver = go!({
        let mut select = Select::new();
        let (from_a, from_b) = (select.recv(&a), select.recv(&b));
        let (mut next, mut timeouts) = (0, 0);
        while next < VALUES {
            match select.wait_timeout(Duration::from_nanos(random.u64(..20_000))) {
                Some(selected) => {
                    let from = if selected.index() == 0 { from_a } else { from_b };
                    assert_eq!(selected.recv(from), Some(next));
                    next += 1;
                }
                None => timeouts += 1,
            }
        }
        timeouts
    });
    sender.join().unwrap();
    println!("{} timeouts", receiver.join().unwrap());
}

#[gochan::test]
fn se_22_thousands_of_operations() {
    const CHANNELS: usize = 5000;
    let mut random = seeded();
    let channels: Vec<Chan<usize>> = (0..CHANNELS).map(|_| chan!(usize)).collect();
    let draws: Vec<usize> = (0..100).map(|_| random.usize(..CHANNELS)).collect();
    let receiver = go!([channels, draws] {
        let mut select = Select::new();
        let arms: Vec<_> = channels.iter().map(|ch| select.recv(ch)).collect();
        for (turn, draw) in draws.into_iter().enumerate() {
            let selected = select.wait();
            let index = selected.index();
            assert_eq!((index, selected.recv(arms[index])), (draw, Some(turn)));
        }
    });
    for (turn, draw) in draws.into_iter().enumerate() {
        until_waiting(&receiver);
        send!(channels[draw] <- turn);
    }
    receiver.join().unwrap();
    channels.iter().for_each(nobody_waits_at);
}

#[gochan::test]
fn se_22_a_set_of_inputs_that_shrinks_as_they_close() {
    let inputs: Vec<Receiver<u64>> = (0..20)
        .map(|input| {
            let (tx, rx) = chan!(u64, input as usize % 3).split();
            go!({ (0..=input).for_each(|number| send!(tx <- number)) });
            rx
        })
        .collect();
    let mut select = Select::new();
    let arms: Vec<_> = inputs.iter().map(|rx| select.recv(rx)).collect();
    let (mut open, mut sums) = (inputs.len(), vec![0; inputs.len()]);
    while open > 0 {
        let selected = select.wait();
        let index = selected.index();
        match selected.recv(arms[index]) {
            Some(number) => sums[index] += number,
            None => {
                select.remove(index);
                open -= 1;
            }
        }
    }
    assert!((0..).zip(sums).all(|(input, sum)| sum == input * (input + 1) / 2));
    assert!(select.try_wait().is_none());
}
