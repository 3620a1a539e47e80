//! The questions that Go's own tests put to its `select`, put to ours, as far as no other file asks them.

use std::sync::Arc;

use crate::common::{Plain, is_waiting, nobody_waits_at, on_a_thread, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::{JoinHandle, runtime};

/// An operation that is blocked for good, or one that is not.
fn ends(goroutine: JoinHandle<()>) -> bool {
    until(|| goroutine.is_finished() || is_waiting(&goroutine));
    goroutine.is_finished()
}

#[test]
fn what_blocks_and_what_does_not() {
    let _watchdog = watchdog();
    let (nil, bare) = (Chan::<u32>::nil(), chan!(u32));
    let (empty, full) = (chan!(u32, 10), chan!(u32, 10));
    (0..10).for_each(|number| send!(full <- number));
    let closed = chan!(u32);
    close!(closed);

    assert!(!ends(go!({
        select! {}
    })));
    assert!(!ends(go!([nil] {
        select! {
            <-nil => {}
        }
    })));
    assert!(!ends(go!([nil] {
        select! {
            nil <- 7 => {}
        }
    })));
    assert!(!ends(go!([nil] {
        select! {
            <-nil => {}
            nil <- 7 => {}
        }
    })));
    assert!(ends(go!([nil] {
        select! {
            <-nil => {}
            nil <- 7 => {}
            default => {}
        }
    })));

    assert!(!ends(go!([empty] {
        select! {
            <-empty => {}
        }
    })));
    // The one before waits there and takes it.
    assert!(ends(go!([empty] {
        select! {
            empty <- 7 => {}
        }
    })));
    assert!(!ends(go!([full] {
        select! {
            full <- 7 => {}
        }
    })));
    assert!(ends(go!([full] {
        select! {
            <-full => {}
        }
    })));
    assert!(!ends(go!([full] {
        select! {
            full <- 7 => {}
            full <- 8 => {}
        }
    })));

    assert!(ends(go!([bare] {
        select! {
            bare <- 7 => {}
            <-bare => {}
            default => {}
        }
    })));
    assert!(!ends(go!([bare] {
        select! {
            bare <- 7 => {}
            <-bare => {}
        }
    })));
    // And this one meets it.
    assert!(ends(go!([bare] {
        select! {
            <-bare => {}
        }
    })));

    assert!(ends(go!([closed] {
        select! {
            <-closed => {}
        }
    })));
    assert!(ends(go!([closed] {
        select! {
            v, ok = <-closed => assert_eq!((v, ok), (0, false)),
        }
    })));
    assert!(
        go!([closed] {
            select! {
                closed <- 7 => {}
            }
        })
        .join()
        .is_err()
    );
}

#[gochan::test]
fn two_busy_channels_do_not_hold_up_a_third() {
    let (a, b, done) = (chan!(u32), chan!(u32), chan!(()));
    for ch in [&a, &b] {
        go!([ch = ch] { while ch.send(1).is_ok() {} });
    }
    let mut received = 0;
    let mut after_the_close = 0;
    loop {
        select! {
            v = <-a => received += v,
            v = <-b => received += v,
            <-done => break,
        }
        if received == 1000 {
            close!(done);
        }
        after_the_close += u32::from(received > 1000);
    }
    // Each draw takes it with a chance of a third at least: the odds against so many are 1 to 10^35.
    assert!(after_the_close < 200, "{after_the_close} draws");
    close!(a);
    close!(b);
}

#[gochan::test]
fn a_number_sent_by_a_select_of_four_arrives_once() {
    const NUMBERS: u32 = 10_000;
    let channels = [(); 4].map(|()| chan!(u32));
    let all = chan!(u32);
    go!([channels] {
        let [a, b, c, d] = &channels;
        for number in 0..NUMBERS {
            select! {
                a <- number => {}
                b <- number => {}
                c <- number => {}
                d <- number => {}
            }
        }
        channels.iter().for_each(|ch| close!(ch));
    });
    let wg = WaitGroup::new();
    for ch in channels {
        wg.go({
            let all = all.clone();
            move || ch.iter().for_each(|number| send!(all <- number))
        });
    }
    go!([all] {
        wg.wait();
        close!(all);
    });
    let mut seen = vec![0; NUMBERS as usize];
    all.iter().for_each(|number| seen[number as usize] += 1);
    assert!(seen.iter().all(|times| *times == 1));
}

#[gochan::test]
fn what_was_written_before_a_select_sends_is_seen_after_a_select_receives() {
    const TURNS: u64 = 5000;
    let (there, back, never) = (chan!(Arc<Plain>), chan!(Arc<Plain>, 1), chan!(u32));
    let writer = go!([there, back, never] {
        for turn in 0..TURNS {
            let memory = Arc::new(Plain::default());
            memory.set(turn + 1);
            select! {
                there <- memory => {}
                _ = <-never => unreachable!(),
            }
            select! {
                Some(memory) = <-back else unreachable!() => assert_eq!(memory.get(), 2 * (turn + 1)),
                _ = <-never => unreachable!(),
            }
        }
    });
    for turn in 0..TURNS {
        select! {
            Some(memory) = <-there else unreachable!() => {
                assert_eq!(memory.get(), turn + 1);
                memory.set(2 * (turn + 1));
                select! {
                    back <- memory => {}
                    _ = <-never => unreachable!(),
                }
            }
            _ = <-never => unreachable!(),
        }
    }
    writer.join().unwrap();
}

/// Sends on all four until each has had its share.
fn send_to_all(channels: [Chan<u32>; 4], share: u32) {
    let mut left = [share; 4];
    let [a, b, c, d] = &channels;
    loop {
        select! {
            a <- left[0], if left[0] > 0 => left[0] -= 1,
            b <- left[1], if left[1] > 0 => left[1] -= 1,
            c <- left[2], if left[2] > 0 => left[2] -= 1,
            d <- left[3], if left[3] > 0 => left[3] -= 1,
            else => return,
        }
    }
}

/// Receives from all four until each has given its share, setting those that have to nil.
fn receive_from_all(channels: [Chan<u32>; 4], share: u32) {
    let mut left = [share; 4];
    let mut channels = channels.map(Some);
    while channels.iter().any(Option::is_some) {
        let from = {
            let [a, b, c, d] = &channels;
            select! {
                _ = <-a => 0,
                _ = <-b => 1,
                _ = <-c => 2,
                _ = <-d => 3,
            }
        };
        left[from] -= 1;
        if left[from] == 0 {
            channels[from] = None;
        }
    }
}

#[gochan::test]
fn selects_and_plain_operations_share_four_channels_to_the_last_value() {
    const SHARE: u32 = 3000;
    let channels = [0, 0, 2, 3].map(|capacity| chan!(u32, capacity));
    let mut goroutines = Vec::new();
    for ch in &channels {
        goroutines.push(go!([ch = ch] {
            for number in 0..SHARE {
                send!(ch <- number);
                if number % 100 == 0 {
                    runtime::gosched();
                }
            }
        }));
        goroutines.push(go!([ch = ch] { (0..SHARE).for_each(|_| _ = recv!(ch)) }));
    }
    goroutines.push(go!(send_to_all(channels.clone(), SHARE)));
    goroutines.push(go!(receive_from_all(channels.clone(), SHARE)));
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    channels.iter().take(2).for_each(nobody_waits_at);
    assert!(channels.iter().all(Chan::is_empty));
}

#[gochan::test]
fn a_select_in_the_middle_of_a_queue_that_is_served_elsewhere_leaves_the_others_in_place() {
    let (shared, own) = (chan!(u32), [(); 3].map(|()| chan!(u32)));
    for leaving in 0..3 {
        let waiting = [0, 1, 2].map(|at| {
            let goroutine = go!([shared, own = own[at]] {
                select! {
                    v = <-shared => v,
                    v = <-own => 100 + v,
                }
            });
            until_waiting(&goroutine);
            goroutine
        });
        send!(own[leaving] <- 0);
        until(|| waiting[leaving].is_finished());
        on_a_thread(|| (1..=2).for_each(|number| send!(shared <- number)));
        let mut got = waiting.map(|goroutine| goroutine.join().unwrap()).to_vec();
        assert_eq!(got.remove(leaving), 100);
        assert_eq!(got, [1, 2]);
        nobody_waits_at(&shared);
    }
}

#[gochan::test]
fn a_sieve_of_selects_finds_the_primes() {
    /// Passes on what `prime` does not divide: waits for room and for numbers at once.
    fn filter(prime: u32, incoming: Receiver<u32>, outgoing: Sender<u32>) {
        let mut held = None;
        loop {
            select! {
                Some(number) = <-incoming, if held.is_none() => {
                    held = Some(number).filter(|n| n % prime != 0);
                }
                r = outgoing <- held.unwrap_or_default(), if held.is_some() => match r {
                    Ok(()) => held = None,
                    Err(_) => return,
                },
                else => return,
            }
        }
    }
    let (tx, mut numbers) = chan!(u32).split();
    go!({ (2..).take_while(|number| tx.send(*number).is_ok()).for_each(drop) });
    let mut primes = Vec::new();
    while primes.len() < 60 {
        let prime = recv!(numbers);
        primes.push(prime);
        let (tx, rest) = chan!(u32).split();
        go!(filter(prime, numbers, tx));
        numbers = rest;
    }
    assert_eq!((primes[0], primes[9], primes[59]), (2, 29, 281));
}
