//! The questions that Go's own tests put to its channels, put to ours. Those about `select` are in `select/from_go.rs`.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};

use crate::common::{is_waiting, until_waiting, watchdog};
use gochan::chan::{TryRecvError, TrySendError};
use gochan::prelude::*;
use gochan::runtime;

const CAPACITIES: [usize; 5] = [0, 1, 2, 17, 128];

#[gochan::test]
fn an_empty_channel_blocks_its_receiver_until_a_value_comes() {
    for capacity in CAPACITIES {
        let ch = chan!(u32, capacity);
        let plain = go!([ch] { recv!(ch) });
        let with_ok = go!([ch] { recv!(ch, ok).0 });
        until_waiting(&plain);
        until_waiting(&with_ok);
        assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
        send!(ch <- 1);
        send!(ch <- 1);
        assert_eq!((plain.join().unwrap(), with_ok.join().unwrap()), (1, 1));
    }
}

#[gochan::test]
fn a_full_channel_blocks_its_sender_until_a_place_is_free() {
    for capacity in CAPACITIES {
        let ch = chan!(usize, capacity);
        (0..capacity).for_each(|number| send!(ch <- number));
        let sender = go!([ch] {
            send!(ch <- capacity);
        });
        until_waiting(&sender);
        assert_eq!(ch.try_send(0), Err(TrySendError::Full(0)));
        assert!(is_waiting(&sender));
        assert_eq!(recv!(ch), 0);
        sender.join().unwrap();
    }
}

#[gochan::test]
fn a_closed_channel_yields_zero_for_ever() {
    for capacity in CAPACITIES {
        let ch = chan!(u64, capacity);
        close!(ch);
        for _ in 0..100 {
            assert_eq!(recv!(ch, ok), (0, false));
        }
    }
}

#[gochan::test]
fn a_receiver_that_waits_at_the_close_gets_zero() {
    for capacity in CAPACITIES {
        let ch = chan!(u64, capacity);
        let receiver = go!([ch] { recv!(ch, ok) });
        until_waiting(&receiver);
        close!(ch);
        assert_eq!(receiver.join().unwrap(), (0, false));
    }
}

#[gochan::test]
fn what_is_sent_before_the_close_arrives_in_order_after_it() {
    for capacity in CAPACITIES {
        let ch = chan!(usize, capacity);
        (0..capacity).for_each(|number| send!(ch <- number));
        close!(ch);
        assert!(ch.iter().eq(0..capacity));
    }
}

#[gochan::test]
fn many_senders_and_receivers_pass_every_number_the_right_number_of_times() {
    const PAIRS: usize = 4;
    const LAST: usize = 2000;
    for capacity in CAPACITIES {
        let ch = chan!(usize, capacity);
        for _ in 0..PAIRS {
            go!([ch] { (0..LAST).for_each(|number| send!(ch <- number)) });
        }
        let receivers = [(); PAIRS].map(|()| {
            go!([ch] {
                let mut seen = vec![0; LAST];
                // As many for each receiver as for each sender, so all of them end.
                for _ in 0..LAST {
                    let number = recv!(ch);
                    seen[number] += 1;
                    if number % 8 == 0 {
                        runtime::gosched();
                    }
                }
                seen
            })
        });
        let mut seen = vec![0; LAST];
        for receiver in receivers {
            receiver.join().unwrap().iter().zip(&mut seen).for_each(|(some, all)| *all += some);
        }
        assert!(seen.iter().all(|times| *times == PAIRS), "capacity {capacity}");
    }
}

#[gochan::test]
fn a_receive_that_must_not_wait_finds_what_was_sent_before() {
    for _ in 0..1000 {
        let ch = chan!(u32, 1);
        send!(ch <- 1);
        let tried = go!([ch] { ch.try_recv() });
        close!(ch);
        recv!(ch);
        assert_ne!(tried.join().unwrap(), Err(TryRecvError::Empty));
    }
}

#[gochan::test]
fn consumers_of_work_of_many_kinds_get_each_piece_once() {
    const CONSUMERS: usize = 23;
    let (work, results) = (chan!(u32, CONSUMERS), chan!(u32, CONSUMERS));
    let wg = WaitGroup::new();
    for _ in 0..CONSUMERS {
        wg.add(1);
        go!([work, results, wg] {
            for piece in &work {
                // Mess with the order of the consumers.
                if piece % 3 == 0 {
                    runtime::gosched();
                }
                send!(results <- piece);
            }
            wg.done();
        });
    }
    let expected = Arc::new(AtomicU32::new(0));
    go!([work, results, expected] {
        for turn in 0..5000 {
            let piece = [2, 3, 5, 7, 11, 13, 17, 19][turn % 8] + turn as u32 % 5;
            expected.fetch_add(piece, Relaxed);
            send!(work <- piece);
        }
        close!(work);
        wg.wait();
        close!(results);
    });
    let (mut count, mut sum) = (0, 0);
    for piece in &results {
        count += 1;
        sum += piece;
    }
    assert_eq!((count, sum), (5000, expected.load(Relaxed)));
}

#[gochan::test]
fn values_stay_first_in_first_out_with_one_goroutine_for_each() {
    // Each link takes its turn when its predecessor has had it; the buffer must not reorder what they send.
    let ch = chan!(u32, 10);
    let mut turn = chan!(());
    let first = turn.clone();
    for number in 0..100 {
        let next = chan!(());
        let mine = std::mem::replace(&mut turn, next.clone());
        go!([ch] {
            recv!(mine);
            send!(ch <- number);
            close!(next);
        });
    }
    close!(first);
    assert!(ch.iter().take(100).eq(0..100));
}

#[gochan::test]
fn values_of_several_words_cross_whole() {
    #[derive(Clone, Debug, PartialEq)]
    struct Wide {
        name: String,
        numbers: [u64; 9],
        rest: Option<Box<Wide>>,
    }
    let wide = |n: u64| Wide {
        name: format!("wide {n}"),
        numbers: [n; 9],
        rest: Some(Box::new(Wide { name: String::new(), numbers: [!n; 9], rest: None })),
    };
    for capacity in CAPACITIES {
        let ch = chan!(Wide, capacity);
        go!([ch] {
            (0..200).for_each(|n| send!(ch <- wide(n)));
            close!(ch);
        });
        assert!(ch.iter().eq((0..200).map(wide)));
    }
}

#[gochan::test]
fn a_closure_crosses_a_channel_and_is_called_on_the_other_side() {
    type Work = Box<dyn FnOnce() -> u32 + Send>;
    let (work, results) = (chan!(Work), chan!(u32));
    go!([work, results] {
        for job in work.into_iter() {
            send!(results <- job());
        }
    });
    for number in 0..10 {
        assert!(work.send(Box::new(move || number * number)).is_ok());
        assert_eq!(recv!(results), number * number);
    }
    close!(work);
}

#[gochan::test]
fn a_chain_that_grows_while_values_run_through_it_sieves_primes() {
    let (tx, mut numbers) = chan!(u32).split();
    go!({
        for number in 2.. {
            if tx.send(number).is_err() {
                return;
            }
        }
    });
    let mut primes = Vec::new();
    while primes.len() < 100 {
        let prime = recv!(numbers);
        primes.push(prime);
        let (tx, filtered) = chan!(u32).split();
        go!({
            let passes = numbers.into_iter().filter(|number| number % prime != 0);
            for number in passes {
                if tx.send(number).is_err() {
                    return;
                }
            }
        });
        numbers = filtered;
    }
    assert_eq!(primes.last(), Some(&541));
    // Dropping the last receiver ends the whole chain from its far end.
}

#[gochan::test]
fn two_unbuffered_channels_pass_a_token_round_a_ring() {
    const RING: usize = 100;
    let first = chan!(usize);
    let mut left = first.clone();
    for _ in 1..RING {
        let right = chan!(usize);
        go!([right] {
            for token in &left {
                send!(right <- token + 1);
            }
            close!(right);
        });
        left = right;
    }
    for _ in 0..20 {
        send!(first <- 0);
        assert_eq!(recv!(left), RING - 1);
    }
    close!(first);
    assert_eq!(left.recv(), None);
}

#[gochan::test]
fn a_lock_made_of_a_channel_excludes() {
    let lock = chan!((), 1);
    let inside = Arc::new(AtomicBool::new(false));
    let goroutines: Vec<_> = (0..10)
        .map(|_| {
            go!([lock, inside] {
                for _ in 0..200 {
                    send!(lock <- ());
                    assert!(!inside.swap(true, SeqCst));
                    runtime::gosched();
                    assert!(inside.swap(false, SeqCst));
                    recv!(lock);
                }
            })
        })
        .collect();
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
}

#[test]
fn try_operations_between_two_goroutines_meet_in_the_end() {
    let _watchdog = watchdog();
    for capacity in [0, 1, 10] {
        let ch = chan!(u32, capacity);
        let sender = go!([ch] {
            for number in 0..200 {
                while ch.try_send(number).is_err() {
                    runtime::gosched();
                }
            }
        });
        // Over an unbuffered channel one of the two sides must wait for the other.
        let mut seen = HashSet::new();
        while seen.len() < 200 {
            let number = if capacity == 0 { ch.recv().ok_or(TryRecvError::Closed) } else { ch.try_recv() };
            match number {
                Ok(number) => assert!(seen.insert(number)),
                Err(_) => std::thread::yield_now(),
            }
        }
        sender.join().unwrap();
    }
}
