//! Rows CH: what one channel does, told one operation at a time. Drops are in `drops.rs`, races in
//! `races.rs`, futures in `asynchronous.rs`.

use std::thread;
use std::time::{Duration, Instant};

use crate::common::{
    MOMENT, is_waiting, message, on_threads, panic_of, place_of_panic, until_waiting, watchdog, workers,
};
use gochan::chan::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use gochan::prelude::*;
use gochan::{Builder, Placement};

#[gochan::test]
fn ch_01_an_unbuffered_send_completes_only_when_a_receive_takes_it() {
    let ch = chan!(u32);
    let sender = go!([ch] { ch.send(1) });
    until_waiting(&sender);
    assert!(!sender.is_finished());
    assert_eq!(ch.recv(), Some(1));
    assert_eq!(sender.join().unwrap(), Ok(()));
}

#[gochan::test]
fn ch_01_an_unbuffered_receive_completes_only_when_a_send_fills_it() {
    let ch = chan!(u32);
    let receiver = go!([ch] { ch.recv() });
    until_waiting(&receiver);
    assert!(!receiver.is_finished());
    send!(ch <- 1);
    assert_eq!(receiver.join().unwrap(), Some(1));
}

#[gochan::test]
fn ch_01_nobody_there_means_an_unbuffered_operation_times_out() {
    let ch = chan!(u32);
    assert_eq!(ch.send_timeout(1, MOMENT), Err(SendTimeoutError::Timeout(1)));
    assert_eq!(ch.recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout));
}

#[gochan::test]
fn ch_02_a_buffer_of_n_takes_n_values_and_the_next_send_waits() {
    for capacity in [1, 2, 3, 16, 100] {
        let ch = chan!(usize, capacity);
        for number in 0..capacity {
            send!(ch <- number);
        }
        assert!(ch.is_full());
        assert_eq!(ch.try_send(capacity), Err(TrySendError::Full(capacity)));
        let sender = go!([ch] {
            send!(ch <- capacity);
        });
        until_waiting(&sender);
        for number in 0..=capacity {
            assert_eq!(ch.recv(), Some(number));
        }
        sender.join().unwrap();
        assert!(ch.is_empty());
    }
}

#[gochan::test]
fn ch_02_a_buffer_is_first_in_first_out_however_far_it_wraps() {
    let ch = chan!(u32, 5);
    let mut next = (0, 0);
    for fill in [3, 5, 1, 4, 2, 5, 5, 3] {
        for _ in 0..fill {
            send!(ch <- next.0);
            next.0 += 1;
        }
        while !ch.is_empty() {
            assert_eq!(recv!(ch), next.1);
            next.1 += 1;
        }
    }
    assert_eq!(next.0, next.1);
}

/// Fails if a waiter was served out of turn more often than the backend allows.
#[track_caller]
fn served_in_turn(order: &[usize]) {
    if on_threads() || workers() == 1 {
        assert!(order.is_sorted(), "{order:?}");
        return;
    }
    for (turn, waiter) in order.iter().enumerate() {
        let overtaken = order[..turn].iter().filter(|earlier| *earlier > waiter).count();
        assert!(overtaken <= 32, "{waiter} was overtaken {overtaken} times: {order:?}");
    }
}

#[gochan::test]
fn ch_03_waiting_senders_are_served_in_the_order_they_came() {
    for capacity in [0, 1, 4] {
        let ch = chan!(usize, capacity);
        for number in 0..capacity {
            send!(ch <- number);
        }
        let senders: Vec<_> = (capacity..capacity + 80)
            .map(|number| {
                let sender = go!([ch] {
                    send!(ch <- number);
                });
                until_waiting(&sender);
                sender
            })
            .collect();
        let order: Vec<usize> = ch.iter().take(capacity + 80).collect();
        served_in_turn(&order);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
}

#[gochan::test]
fn ch_03_waiting_receivers_are_served_in_the_order_they_came() {
    for capacity in [0, 1, 4] {
        let ch = chan!(usize, capacity);
        let receivers: Vec<_> = (0..80)
            .map(|_| {
                let receiver = go!([ch] { recv!(ch) });
                until_waiting(&receiver);
                receiver
            })
            .collect();
        for number in 0..80 {
            send!(ch <- number);
        }
        let got: Vec<usize> = receivers.into_iter().map(|receiver| receiver.join().unwrap()).collect();
        // Who got the n-th value was served as the n-th.
        let mut order = vec![0; got.len()];
        got.iter().enumerate().for_each(|(receiver, turn)| order[*turn] = receiver);
        served_in_turn(&order);
    }
}

#[gochan::test]
fn ch_04_the_values_of_one_sender_reach_one_receiver_in_order() {
    for capacity in [0, 1, 2, 10, 1000] {
        let ch = chan!(u32, capacity);
        go!([ch] {
            for number in 0..2000 {
                send!(ch <- number);
            }
            close!(ch);
        });
        assert!(ch.iter().eq(0..2000), "capacity {capacity}");
    }
}

#[gochan::test]
fn ch_05_a_receive_from_a_full_buffer_moves_the_first_waiting_value_to_the_tail() {
    let ch = chan!(u32, 2);
    send!(ch <- 1);
    send!(ch <- 2);
    let senders = [3, 4].map(|number| {
        let sender = go!([ch] {
            send!(ch <- number);
        });
        until_waiting(&sender);
        sender
    });
    let [third, fourth] = senders;

    assert_eq!(ch.recv(), Some(1));
    assert_eq!(ch.len(), 2, "the first waiter's value fills the place at once");
    third.join().unwrap();
    assert!(is_waiting(&fourth));
    assert_eq!((recv!(ch), recv!(ch), recv!(ch)), (2, 3, 4));
    fourth.join().unwrap();
}

#[gochan::test]
fn ch_06_receivers_drain_a_closed_channel_and_then_get_none_for_ever() {
    let ch = chan!(u32, 3);
    send!(ch <- 1);
    send!(ch <- 2);
    assert!(ch.close());
    assert!(ch.is_closed());
    assert_eq!((ch.recv(), ch.recv()), (Some(1), Some(2)));
    for _ in 0..3 {
        assert_eq!(ch.recv(), None);
        assert_eq!(ch.try_recv(), Err(TryRecvError::Closed));
        assert_eq!(ch.recv_timeout(MOMENT), Err(RecvTimeoutError::Closed));
    }
}

#[gochan::test]
fn ch_06_the_macro_yields_zero_values_and_ok_false_after_the_last_value() {
    let ch = chan!(String, 1);
    send!(ch <- "last".to_owned());
    close!(ch);
    assert_eq!(recv!(ch, ok), ("last".to_owned(), true));
    for _ in 0..3 {
        assert_eq!(recv!(ch, ok), (String::new(), false));
        assert_eq!(recv!(ch), "");
    }
}

#[test]
fn ch_07_close_wakes_every_waiting_receiver_with_none() {
    let _watchdog = watchdog();
    for capacity in [0, 3] {
        let ch = chan!(u32, capacity);
        let receivers: Vec<_> = (0..10).map(|_| go!([ch] { ch.recv() })).collect();
        receivers.iter().for_each(until_waiting);
        let thread = thread::spawn({
            let ch = ch.clone();
            move || ch.recv()
        });
        close!(ch);
        assert!(receivers.into_iter().all(|receiver| receiver.join().unwrap().is_none()));
        assert_eq!(thread.join().unwrap(), None);
    }
}

#[test]
fn ch_07_close_wakes_a_crowd_wherever_it_waits() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let at = |number: usize| Builder::new().placement(Placement::Worker(number));
    let receiver = |number| {
        let ch = ch.clone();
        at(number).spawn(move || ch.recv())
    };
    let goroutines: Vec<_> = (0..300).map(receiver).collect();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let ch = ch.clone();
            thread::spawn(move || ch.recv())
        })
        .collect();
    goroutines.iter().for_each(until_waiting);
    let closer = at(1).spawn(move || ch.close());
    assert!(closer.join().unwrap());
    assert!(goroutines.into_iter().all(|receiver| receiver.join().unwrap().is_none()));
    assert!(threads.into_iter().all(|receiver| receiver.join().unwrap().is_none()));
}

#[gochan::test]
fn ch_07_close_wakes_every_waiting_sender_with_its_value() {
    for capacity in [0, 2] {
        let ch = chan!(u32, capacity);
        (0..capacity).for_each(|_| send!(ch <- 99));
        let senders: Vec<_> = (0..10).map(|number| go!([ch] { ch.send(number) })).collect();
        senders.iter().for_each(until_waiting);
        close!(ch);
        for (number, sender) in (0..).zip(senders) {
            assert_eq!(sender.join().unwrap(), Err(SendError(number)));
        }
        assert_eq!(ch.iter().count(), capacity, "only what was buffered arrives");
    }
}

#[gochan::test]
fn ch_07_close_makes_a_waiting_send_macro_panic() {
    let ch = chan!(u32);
    let sender = go!([ch] {
        send!(ch <- 1);
    });
    until_waiting(&sender);
    close!(ch);
    assert_eq!(message(&*sender.join().unwrap_err()), "send on closed channel");
}

#[gochan::test]
fn ch_08_sending_on_a_closed_channel_returns_the_value() {
    for capacity in [0, 3] {
        let ch = chan!(String, capacity);
        close!(ch);
        let value = || "mine".to_owned();
        assert_eq!(ch.send(value()), Err(SendError(value())));
        assert_eq!(ch.try_send(value()), Err(TrySendError::Closed(value())));
        assert_eq!(ch.send_timeout(value(), MOMENT), Err(SendTimeoutError::Closed(value())));
        assert_eq!(panic_of(|| send!(ch <- value())), "send on closed channel");
        assert_eq!(ch.len(), 0);
    }
}

#[gochan::test]
fn ch_08_the_panic_is_at_the_senders_line() {
    let ch = chan!(u32);
    close!(ch);
    let line = line!();
    assert_eq!(place_of_panic(|| send!(ch <- 1)), (file!().to_owned(), line + 1));
    assert_eq!(place_of_panic(|| close!(ch)), (file!().to_owned(), line + 2));
}

#[gochan::test]
fn ch_09_only_the_first_close_closes() {
    let ch = chan!(u32);
    assert!(ch.close());
    assert!(!ch.close());
    assert!(!ch.sender().close());
    assert_eq!(panic_of(|| close!(ch)), "close of closed channel");
    assert_eq!(panic_of(|| close!(ch.sender())), "close of closed channel");
}

#[gochan::test]
fn ch_09_of_many_that_close_at_once_one_does() {
    for _ in 0..100 {
        let ch = chan!(u32);
        let closers: Vec<_> = (0..8).map(|_| go!([ch] { ch.close() })).collect();
        let winners = closers.into_iter().map(|closer| closer.join().unwrap()).filter(|won| *won);
        assert_eq!(winners.count(), 1);
    }
}

#[gochan::test]
fn ch_09_closing_nil_is_refused() {
    assert!(!Chan::<u32>::nil().close());
    assert!(!Sender::<u32>::nil().close());
    assert_eq!(panic_of(|| close!(Chan::<u32>::nil())), "close of nil channel");
    assert_eq!(panic_of(|| close!(Sender::<u32>::nil())), "close of nil channel");
}

#[gochan::test]
fn ch_19_no_time_at_all_is_enough_for_what_is_ready() {
    let ch = chan!(u32, 1);
    for wait in [Duration::ZERO, Duration::from_nanos(1)] {
        assert_eq!(ch.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
        assert_eq!(ch.send_timeout(1, wait), Ok(()));
        assert_eq!(ch.send_timeout(2, wait), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(ch.recv_timeout(wait), Ok(1));
    }
}

#[gochan::test]
fn ch_19_no_time_at_all_is_enough_to_meet_who_waits() {
    let ch = chan!(u32);
    let receiver = go!([ch] { recv!(ch) });
    until_waiting(&receiver);
    assert_eq!(ch.send_timeout(1, Duration::ZERO), Ok(()));
    assert_eq!(receiver.join().unwrap(), 1);

    let sender = go!([ch] {
        send!(ch <- 2);
    });
    until_waiting(&sender);
    assert_eq!(ch.recv_timeout(Duration::ZERO), Ok(2));
    sender.join().unwrap();
}

#[gochan::test]
fn ch_19_a_timeout_strikes_no_earlier_than_told() {
    let ch = chan!(u32);
    let wait = Duration::from_millis(3);
    let waited = |operation: fn(&Chan<u32>, Duration)| {
        let start = Instant::now();
        operation(&ch, wait);
        assert!(start.elapsed() >= wait);
        go!([ch] {
            let start = Instant::now();
            operation(&ch, wait);
            assert!(start.elapsed() >= wait);
        })
        .join()
        .unwrap();
    };
    waited(|ch, wait| assert_eq!(ch.recv_timeout(wait), Err(RecvTimeoutError::Timeout)));
    waited(|ch, wait| assert_eq!(ch.send_timeout(1, wait), Err(SendTimeoutError::Timeout(1))));
}

#[gochan::test]
fn ch_19_the_longest_wait_there_is_ends_by_a_value_or_a_close() {
    let ch = chan!(u32);
    let receiver = go!([ch] { [ch.recv_timeout(Duration::MAX), ch.recv_timeout(Duration::MAX)] });
    until_waiting(&receiver);
    assert_eq!(ch.send_timeout(1, Duration::MAX), Ok(()));
    until_waiting(&receiver);
    close!(ch);
    assert_eq!(receiver.join().unwrap(), [Ok(1), Err(RecvTimeoutError::Closed)]);
}

#[gochan::test]
fn ch_19_who_timed_out_no_longer_waits() {
    let ch = chan!(u32);
    assert!(ch.recv_timeout(MOMENT).is_err());
    assert_eq!(ch.try_send(1), Err(TrySendError::Full(1)));
    assert!(ch.send_timeout(1, MOMENT).is_err());
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
}

#[gochan::test]
fn ch_20_try_send_on_unbuffered_needs_a_waiting_receiver() {
    let ch = chan!(u32);
    assert_eq!(ch.try_send(1), Err(TrySendError::Full(1)));
    let receiver = go!([ch] { recv!(ch) });
    until_waiting(&receiver);
    assert_eq!(ch.try_send(2), Ok(()));
    assert_eq!(ch.try_send(3), Err(TrySendError::Full(3)), "the receiver has its value already");
    assert_eq!(receiver.join().unwrap(), 2);
}

#[gochan::test]
fn ch_20_try_recv_takes_from_a_waiting_sender() {
    let ch = chan!(u32);
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    let sender = go!([ch] {
        send!(ch <- 1);
    });
    until_waiting(&sender);
    assert_eq!(ch.try_recv(), Ok(1));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    sender.join().unwrap();
}
