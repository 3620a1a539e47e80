//! Rows CH: what one channel does, told one operation at a time. Drops are in `channel_drop.rs`, races in
//! `channel_race.rs`, futures in `channel_async.rs`.

mod common;

use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use common::{
    MOMENT, Plain, is_waiting, message, on_threads, panic_of, place_of_panic, until_waiting, watchdog,
    workers,
};
use gochan::chan::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use gochan::prelude::*;
use gochan::{Builder, JoinHandle, Placement};
use static_assertions::{assert_impl_all, assert_not_impl_any};

#[test]
fn ch_01_an_unbuffered_send_completes_only_when_a_receive_takes_it() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let sender = go!([ch] { ch.send(1) });
    until_waiting(&sender);
    assert!(!sender.is_finished());
    assert_eq!(ch.recv(), Some(1));
    assert_eq!(sender.join().unwrap(), Ok(()));
}

#[test]
fn ch_01_an_unbuffered_receive_completes_only_when_a_send_fills_it() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let receiver = go!([ch] { ch.recv() });
    until_waiting(&receiver);
    assert!(!receiver.is_finished());
    send!(ch <- 1);
    assert_eq!(receiver.join().unwrap(), Some(1));
}

#[test]
fn ch_01_nobody_there_means_an_unbuffered_operation_times_out() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    assert_eq!(ch.send_timeout(1, MOMENT), Err(SendTimeoutError::Timeout(1)));
    assert_eq!(ch.recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout));
}

#[test]
fn ch_02_a_buffer_of_n_takes_n_values_and_the_next_send_waits() {
    let _watchdog = watchdog();
    for capacity in [1, 2, 3, 16, 100] {
        let ch = chan!(usize, capacity);
        for number in 0..capacity {
            send!(ch <- number);
        }
        assert!(ch.is_full());
        assert_eq!(ch.try_send(capacity), Err(TrySendError::Full(capacity)));
        let sender = go!([ch] { send!(ch <- capacity); });
        until_waiting(&sender);
        for number in 0..=capacity {
            assert_eq!(ch.recv(), Some(number));
        }
        sender.join().unwrap();
        assert!(ch.is_empty());
    }
}

#[test]
fn ch_02_a_buffer_is_first_in_first_out_however_far_it_wraps() {
    let _watchdog = watchdog();
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

#[test]
fn ch_03_waiting_senders_are_served_in_the_order_they_came() {
    let _watchdog = watchdog();
    for capacity in [0, 1, 4] {
        let ch = chan!(usize, capacity);
        for number in 0..capacity {
            send!(ch <- number);
        }
        let senders: Vec<_> = (capacity..capacity + 80)
            .map(|number| {
                let sender = go!([ch] { send!(ch <- number); });
                until_waiting(&sender);
                sender
            })
            .collect();
        let order: Vec<usize> = ch.iter().take(capacity + 80).collect();
        served_in_turn(&order);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
}

#[test]
fn ch_03_waiting_receivers_are_served_in_the_order_they_came() {
    let _watchdog = watchdog();
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

#[test]
fn ch_04_the_values_of_one_sender_reach_one_receiver_in_order() {
    let _watchdog = watchdog();
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

#[test]
fn ch_05_a_receive_from_a_full_buffer_moves_the_first_waiting_value_to_the_tail() {
    let _watchdog = watchdog();
    let ch = chan!(u32, 2);
    send!(ch <- 1);
    send!(ch <- 2);
    let senders = [3, 4].map(|number| {
        let sender = go!([ch] { send!(ch <- number); });
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

#[test]
fn ch_06_receivers_drain_a_closed_channel_and_then_get_none_for_ever() {
    let _watchdog = watchdog();
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

#[test]
fn ch_06_the_macro_yields_zero_values_and_ok_false_after_the_last_value() {
    let _watchdog = watchdog();
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

#[test]
fn ch_07_close_wakes_every_waiting_sender_with_its_value() {
    let _watchdog = watchdog();
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

#[test]
fn ch_07_close_makes_a_waiting_send_macro_panic() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let sender = go!([ch] { send!(ch <- 1); });
    until_waiting(&sender);
    close!(ch);
    assert_eq!(message(&*sender.join().unwrap_err()), "send on closed channel");
}

#[test]
fn ch_08_sending_on_a_closed_channel_returns_the_value() {
    let _watchdog = watchdog();
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

#[test]
fn ch_08_the_panic_is_at_the_senders_line() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    close!(ch);
    let line = line!();
    assert_eq!(place_of_panic(|| send!(ch <- 1)), (file!().to_owned(), line + 1));
    assert_eq!(place_of_panic(|| close!(ch)), (file!().to_owned(), line + 2));
}

#[test]
fn ch_09_only_the_first_close_closes() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    assert!(ch.close());
    assert!(!ch.close());
    assert!(!ch.sender().close());
    assert_eq!(panic_of(|| close!(ch)), "close of closed channel");
    assert_eq!(panic_of(|| close!(ch.sender())), "close of closed channel");
}

#[test]
fn ch_09_of_many_that_close_at_once_one_does() {
    let _watchdog = watchdog();
    for _ in 0..100 {
        let ch = chan!(u32);
        let closers: Vec<_> = (0..8).map(|_| go!([ch] { ch.close() })).collect();
        let winners = closers.into_iter().map(|closer| closer.join().unwrap()).filter(|won| *won);
        assert_eq!(winners.count(), 1);
    }
}

#[test]
fn ch_09_closing_nil_is_refused() {
    let _watchdog = watchdog();
    assert!(!Chan::<u32>::nil().close());
    assert!(!Sender::<u32>::nil().close());
    assert_eq!(panic_of(|| close!(Chan::<u32>::nil())), "close of nil channel");
    assert_eq!(panic_of(|| close!(Sender::<u32>::nil())), "close of nil channel");
}

#[test]
fn ch_10_send_receive_and_range_on_nil_wait_for_ever() {
    let _watchdog = watchdog();
    let waiting: [JoinHandle<()>; 5] = [
        go!({ send!(Chan::nil() <- 1_u8) }),
        go!({ _ = Sender::nil().send(1_u8) }),
        go!({ _ = recv!(Chan::<u8>::nil()) }),
        go!({ _ = Receiver::<u8>::nil().recv() }),
        go!({ for _ in &Chan::<u8>::default() {} }),
    ];
    waiting.iter().for_each(until_waiting);
    // As long as it takes others to do something, at least.
    for number in 0..100 {
        assert_eq!(go!({ number }).join().unwrap(), number);
    }
    assert!(waiting.iter().all(is_waiting));
}

#[test]
fn ch_10_try_and_timeout_forms_on_nil_report_that_nothing_can_be_done() {
    let _watchdog = watchdog();
    let nil = Chan::<u32>::nil();
    assert_eq!(nil.try_send(1), Err(TrySendError::Full(1)));
    assert_eq!(nil.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(nil.send_timeout(1, MOMENT), Err(SendTimeoutError::Timeout(1)));
    assert_eq!(nil.recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout));
    assert_eq!(nil.try_iter().next(), None);
}

#[test]
fn ch_10_nil_handles_know_what_they_are() {
    assert!(Chan::<u32>::nil().is_nil() && Chan::<u32>::default().is_nil());
    assert!(Sender::<u32>::nil().is_nil() && Sender::<u32>::default().is_nil());
    assert!(Receiver::<u32>::nil().is_nil() && Receiver::<u32>::default().is_nil());
    assert!(Chan::<u32>::nil().sender().is_nil() && Chan::<u32>::nil().receiver().is_nil());
    assert!(Chan::<u32>::nil().clone().is_nil());
    assert!(!Chan::<u32>::nil().is_closed());
    assert!(!Chan::<u32>::new().is_nil());
    let (tx, rx) = Chan::<u32>::nil().split();
    assert!(tx.is_nil() && rx.is_nil());
}

#[test]
fn ch_11_len_and_capacity_of_unbuffered_and_nil_are_zero() {
    let _watchdog = watchdog();
    for ch in [Chan::<u32>::new(), Chan::with_capacity(0), chan!(u32), chan!(u32, 0), Chan::nil()] {
        assert_eq!((ch.len(), ch.capacity()), (0, 0));
        assert_eq!((ch.sender().len(), ch.sender().capacity()), (0, 0));
        assert_eq!((ch.receiver().len(), ch.receiver().capacity()), (0, 0));
        assert!(ch.is_empty());
    }
}

#[test]
fn ch_11_len_counts_buffered_values_and_no_waiters() {
    let _watchdog = watchdog();
    let ch = chan!(u32, 2);
    assert_eq!((ch.len(), ch.capacity(), ch.is_empty(), ch.is_full()), (0, 2, true, false));
    send!(ch <- 1);
    assert_eq!((ch.len(), ch.is_empty(), ch.is_full()), (1, false, false));
    send!(ch <- 2);
    let waiting: Vec<_> = (0..3).map(|_| go!([ch] { ch.send(3) })).collect();
    waiting.iter().for_each(until_waiting);
    assert_eq!((ch.len(), ch.capacity(), ch.is_full()), (2, 2, true));
    close!(ch);
    assert_eq!(ch.len(), 2, "closing takes nothing out");

    let unbuffered = chan!(u32);
    let waiting = [go!([unbuffered] { unbuffered.send(1) }), go!([unbuffered] { unbuffered.send(2) })];
    waiting.iter().for_each(until_waiting);
    assert_eq!(unbuffered.len(), 0);
    close!(unbuffered);
}

#[test]
fn ch_12_range_ends_exactly_after_the_last_value() {
    let _watchdog = watchdog();
    for capacity in [0, 1, 7] {
        let ch = chan!(u32, capacity);
        go!([ch] {
            for number in 0..20 {
                send!(ch <- number);
            }
            close!(ch);
        });
        let mut seen = Vec::new();
        for number in &ch {
            seen.push(number);
        }
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
        assert_eq!(ch.iter().next(), None);
    }
}

#[test]
fn ch_12_breaking_out_of_a_range_leaves_the_rest() {
    let _watchdog = watchdog();
    let ch = chan!(u32, 10);
    (0..10).for_each(|number| send!(ch <- number));
    close!(ch);
    for number in &ch {
        if number == 3 {
            break;
        }
    }
    assert_eq!(ch.len(), 6);
    assert!(ch.receiver().into_iter().eq(4..10));
}

#[test]
fn ch_12_try_iter_takes_what_is_there_and_does_not_wait() {
    let _watchdog = watchdog();
    let ch = chan!(u32, 10);
    (0..4).for_each(|number| send!(ch <- number));
    assert!(ch.try_iter().eq(0..4));
    assert_eq!(ch.try_iter().next(), None);
    assert_eq!(ch.receiver().try_iter().next(), None);
    assert!(!ch.is_closed());
}

#[test]
fn ch_12_a_handle_by_value_ranges_too() {
    let _watchdog = watchdog();
    let (tx, rx) = chan!(u32).split();
    go!({
        for number in 0..5 {
            send!(tx <- number);
        }
    });
    let mut sum = 0;
    for number in rx {
        sum += number;
    }
    assert_eq!(sum, 10);
    let ch = chan!(u32, 1);
    send!(ch <- 1);
    close!(ch);
    assert_eq!(ch.into_iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn ch_13_several_that_range_over_one_channel_share_its_values() {
    let _watchdog = watchdog();
    for capacity in [0, 5] {
        let ch = chan!(usize, capacity);
        let rangers: Vec<_> = (0..8).map(|_| go!([ch] { ch.iter().collect::<Vec<_>>() })).collect();
        for number in 0..4000 {
            send!(ch <- number);
        }
        close!(ch);
        let mut all = Vec::new();
        for ranger in rangers {
            let share = ranger.join().unwrap();
            assert!(share.is_sorted());
            all.extend(share);
        }
        all.sort_unstable();
        assert_eq!(all, (0..4000).collect::<Vec<_>>());
    }
}

/// Sends `values` through channels of several capacities, by goroutines and by this thread.
#[track_caller]
fn passes<T: Clone + PartialEq + Debug + Send + 'static>(values: &[T]) {
    // A value is copied at calls on its way, here and in the channel, and each copy has its place on the stack.
    let copies = if cfg!(debug_assertions) { 40 } else { 10 };
    let roomy = || Builder::new().stack_size((256 << 10) + copies * size_of::<T>());
    for capacity in [0, 1, 3] {
        let ch = chan!(T, capacity);
        let all = values.to_vec();
        let tx = ch.clone();
        let sender = roomy().spawn(move || {
            for value in all {
                send!(tx <- value);
            }
            close!(tx);
        });
        assert_eq!(ch.iter().collect::<Vec<T>>(), values, "from a goroutine, capacity {capacity}");
        sender.join().unwrap();

        let ch = chan!(T, capacity);
        let rx = ch.clone();
        let receiver = roomy().spawn(move || rx.iter().collect::<Vec<T>>());
        for value in values {
            assert_eq!(ch.send(value.clone()), Ok(()));
        }
        close!(ch);
        assert_eq!(receiver.join().unwrap(), values, "to a goroutine, capacity {capacity}");
    }
}

#[test]
fn ch_14_zero_sized_values() {
    let _watchdog = watchdog();
    #[derive(Clone, Debug, PartialEq)]
    struct Nothing;
    passes(&[(); 10]);
    passes(&[Nothing, Nothing, Nothing]);
}

#[test]
fn ch_14_values_of_one_byte() {
    let _watchdog = watchdog();
    passes(&(0..=255_u8).collect::<Vec<_>>());
}

#[test]
fn ch_14_values_of_64_kib() {
    let _watchdog = watchdog();
    #[derive(Clone, PartialEq)]
    struct Large([u8; 64 << 10]);
    impl Debug for Large {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "Large([{}, …])", self.0[0])
        }
    }
    let values: Vec<Large> = (0..5).map(|byte| Large([byte; 64 << 10])).collect();
    passes(&values);
}

#[test]
fn ch_14_values_aligned_to_128_bytes() {
    let _watchdog = watchdog();
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(128))]
    struct Aligned(u8);
    let values: Vec<Aligned> = (0..9).map(Aligned).collect();
    passes(&values);

    let ch = chan!(Aligned, 3);
    let receiver = go!([ch] {
        ch.iter().all(|value| (&raw const value).addr() % 128 == 0)
    });
    values.iter().for_each(|value| send!(ch <- value.clone()));
    close!(ch);
    assert!(receiver.join().unwrap());
}

#[test]
fn ch_14_zero_sized_values_aligned_to_128_bytes() {
    let _watchdog = watchdog();
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(128))]
    struct Nothing;
    passes(&[Nothing, Nothing, Nothing]);
}

#[test]
fn ch_18_a_chan_counts_as_both_sides() {
    let _watchdog = watchdog();
    let ch = chan!(u32, 2);
    drop((ch.sender(), ch.receiver(), ch.clone()));
    assert!(!ch.is_closed());
    send!(ch <- 1);

    let (tx, rx) = (ch.sender(), ch.receiver());
    drop(rx);
    assert_eq!(tx.send(2), Ok(()), "the Chan still receives");
    let rx = ch.receiver();
    drop(tx);
    assert_eq!((rx.recv(), rx.recv()), (Some(1), Some(2)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the Chan could still send");
    drop(ch);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn ch_18_split_consumes_the_chan() {
    let _watchdog = watchdog();
    let (tx, rx) = chan!(u32, 1).split();
    send!(tx <- 1);
    drop(tx);
    assert_eq!((rx.recv(), rx.recv()), (Some(1), None));
    let (tx, rx) = chan!(u32, 1).split();
    drop(rx);
    assert_eq!(tx.send(1), Err(SendError(1)));
}

#[test]
fn ch_18_a_chan_converts_into_a_half_of_it() {
    let _watchdog = watchdog();
    fn feed(tx: impl Into<Sender<u32>>) {
        send!(tx.into() <- 1);
    }
    let ch = chan!(u32, 2);
    let rx = Receiver::from(&ch);
    feed(&ch);
    feed(ch);
    assert_eq!(rx.iter().collect::<Vec<_>>(), [1, 1], "the Chan is used up, and with it the sending side");
    let tx = Sender::from(chan!(u32, 1));
    assert_eq!(tx.send(1), Err(SendError(1)));
}

#[test]
fn an_error_of_send_is_one_of_its_other_forms() {
    let _watchdog = watchdog();
    fn now_or_within(
        ch: &Chan<u32>,
        value: u32,
        wait: Option<Duration>,
    ) -> Result<(), SendTimeoutError<u32>> {
        match wait {
            Some(wait) => ch.send_timeout(value, wait),
            None => Ok(ch.send(value)?),
        }
    }
    let ch = chan!(u32, 1);
    close!(ch);
    assert_eq!(now_or_within(&ch, 1, None), now_or_within(&ch, 1, Some(Duration::ZERO)));
    assert_eq!(TrySendError::from(ch.send(2).unwrap_err()), ch.try_send(2).unwrap_err());
}

#[test]
fn ch_18_handles_of_one_channel_are_the_same_channel() {
    let (one, two) = (chan!(u32), chan!(u32));
    assert!(one.same_channel(&one.clone()));
    assert!(!one.same_channel(&two));
    assert!(one.sender().same_channel(&one.sender()));
    assert!(!one.sender().same_channel(&two.sender()));
    assert!(one.receiver().same_channel(&one.receiver()));
    assert!(!one.receiver().same_channel(&two.receiver()));
    assert!(!one.same_channel(&Chan::nil()));
    assert!(one.same_channel(&one.sender()) && one.sender().same_channel(&one.receiver()));
    assert!(!one.receiver().same_channel(&two.sender()));
}

#[test]
fn ch_19_no_time_at_all_is_enough_for_what_is_ready() {
    let _watchdog = watchdog();
    let ch = chan!(u32, 1);
    for wait in [Duration::ZERO, Duration::from_nanos(1)] {
        assert_eq!(ch.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
        assert_eq!(ch.send_timeout(1, wait), Ok(()));
        assert_eq!(ch.send_timeout(2, wait), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(ch.recv_timeout(wait), Ok(1));
    }
}

#[test]
fn ch_19_no_time_at_all_is_enough_to_meet_who_waits() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let receiver = go!([ch] { recv!(ch) });
    until_waiting(&receiver);
    assert_eq!(ch.send_timeout(1, Duration::ZERO), Ok(()));
    assert_eq!(receiver.join().unwrap(), 1);

    let sender = go!([ch] { send!(ch <- 2); });
    until_waiting(&sender);
    assert_eq!(ch.recv_timeout(Duration::ZERO), Ok(2));
    sender.join().unwrap();
}

#[test]
fn ch_19_a_timeout_strikes_no_earlier_than_told() {
    let _watchdog = watchdog();
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

#[test]
fn ch_19_the_longest_wait_there_is_ends_by_a_value_or_a_close() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let receiver = go!([ch] { [ch.recv_timeout(Duration::MAX), ch.recv_timeout(Duration::MAX)] });
    until_waiting(&receiver);
    assert_eq!(ch.send_timeout(1, Duration::MAX), Ok(()));
    until_waiting(&receiver);
    close!(ch);
    assert_eq!(receiver.join().unwrap(), [Ok(1), Err(RecvTimeoutError::Closed)]);
}

#[test]
fn ch_19_who_timed_out_no_longer_waits() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    assert!(ch.recv_timeout(MOMENT).is_err());
    assert_eq!(ch.try_send(1), Err(TrySendError::Full(1)));
    assert!(ch.send_timeout(1, MOMENT).is_err());
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn ch_20_try_send_on_unbuffered_needs_a_waiting_receiver() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    assert_eq!(ch.try_send(1), Err(TrySendError::Full(1)));
    let receiver = go!([ch] { recv!(ch) });
    until_waiting(&receiver);
    assert_eq!(ch.try_send(2), Ok(()));
    assert_eq!(ch.try_send(3), Err(TrySendError::Full(3)), "the receiver has its value already");
    assert_eq!(receiver.join().unwrap(), 2);
}

#[test]
fn ch_20_try_recv_takes_from_a_waiting_sender() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    let sender = go!([ch] { send!(ch <- 1); });
    until_waiting(&sender);
    assert_eq!(ch.try_recv(), Ok(1));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    sender.join().unwrap();
}

#[test]
fn ch_21_a_channel_carries_channels() {
    let _watchdog = watchdog();
    let requests = chan!((u32, Sender<u32>));
    go!([requests] {
        for (number, reply) in &requests {
            send!(reply <- number * 2);
        }
    });
    for number in 0..10 {
        let reply = chan!(u32);
        send!(requests <- (number, reply.sender()));
        assert_eq!(recv!(reply), number * 2);
    }
    close!(requests);
}

#[test]
fn ch_21_a_channel_carries_its_own_handle() {
    let _watchdog = watchdog();
    struct Envelope(Chan<Envelope>);
    let ch = Chan::<Envelope>::with_capacity(1);
    assert!(ch.send(Envelope(ch.clone())).is_ok());
    let Envelope(inner) = ch.recv().expect("it was sent");
    assert!(inner.same_channel(&ch));
    // Left inside, the handle would keep the channel alive, and itself with it.
    assert!(inner.is_empty());
}

#[test]
fn ch_24_a_capacity_that_cannot_be_allocated_is_a_panic() {
    let _watchdog = watchdog();
    for capacity in [usize::MAX, usize::MAX / 2, usize::MAX / 8, usize::MAX / 16, 1 << 56] {
        let said = panic_of(|| drop(Chan::<u64>::with_capacity(capacity)));
        assert!(said.contains(&capacity.to_string()) && said.contains("allocated"), "{said}");
    }
    assert!(panic_of(|| drop(chan!([u8; 4096], usize::MAX))).contains("allocated"));
}

#[test]
fn ch_24_the_panic_is_at_the_line_that_asks_for_too_much() {
    let _watchdog = watchdog();
    let line = line!();
    let method = place_of_panic(|| drop(Chan::<u64>::with_capacity(usize::MAX)));
    let macro_ = place_of_panic(|| drop(chan!(u64, usize::MAX)));
    assert_eq!(method, (file!().to_owned(), line + 1));
    assert_eq!(macro_, (file!().to_owned(), line + 2));
}

#[test]
fn ch_24_zero_sized_values_need_no_memory_for_any_capacity() {
    let _watchdog = watchdog();
    // Refused or kept: never an abort, and never a smaller buffer than asked for.
    let made = std::panic::catch_unwind(|| Chan::<()>::with_capacity(usize::MAX));
    if let Ok(ch) = made {
        assert_eq!(ch.capacity(), usize::MAX);
        for _ in 0..1000 {
            assert_eq!(ch.try_send(()), Ok(()));
        }
        assert_eq!(ch.len(), 1000);
    }
}

#[test]
fn ch_25_a_senders_panic_leaves_the_channel_usable() {
    let _watchdog = watchdog();
    for capacity in [0, 4] {
        let ch = chan!(u32, capacity);
        let panicking = go!([ch] {
            send!(ch <- 1);
            send!(ch <- 2);
            panic!("after two");
        });
        assert_eq!((recv!(ch), recv!(ch)), (1, 2));
        assert!(panicking.join().is_err());
        let sender = go!([ch] { send!(ch <- 3); });
        assert_eq!(recv!(ch), 3);
        sender.join().unwrap();
        assert!(!ch.is_closed());
    }
}

#[test]
fn ch_25_a_panic_in_the_value_expression_sends_nothing() {
    let _watchdog = watchdog();
    let ch = chan!(u32, 1);
    let no_value = || -> u32 { panic!("no value") };
    panic_of(|| send!(ch <- no_value()));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    send!(ch <- 1);
    assert_eq!(recv!(ch), 1);
}

#[test]
fn ch_26_a_buffer_of_c_lets_c_in_at_a_time() {
    let _watchdog = watchdog();
    for capacity in [1, 3] {
        let semaphore = chan!((), capacity);
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let goroutines: Vec<_> = (0..16)
            .map(|_| {
                go!([semaphore, inside, most] {
                    for _ in 0..50 {
                        send!(semaphore <- ());
                        most.fetch_max(inside.fetch_add(1, Relaxed) + 1, Relaxed);
                        gochan::runtime::gosched();
                        inside.fetch_sub(1, Relaxed);
                        recv!(semaphore);
                    }
                })
            })
            .collect();
        goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
        assert!(most.load(Relaxed) <= capacity);
    }
}

#[test]
fn ch_26_a_receive_happens_before_the_send_it_made_room_for_completes() {
    let _watchdog = watchdog();
    // A buffer of one as a lock over memory that has no other.
    let lock = chan!((), 1);
    let memory = Arc::new(Plain::default());
    let goroutines: Vec<_> = (0..8)
        .map(|_| {
            go!([lock, memory] {
                for _ in 0..500 {
                    send!(lock <- ());
                    memory.set(memory.get() + 1);
                    recv!(lock);
                }
            })
        })
        .collect();
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    send!(lock <- ());
    assert_eq!(memory.get(), 8 * 500);
}

#[test]
fn ch_27_handles_are_send_and_sync_if_the_value_is_send() {
    // A Cell may be sent but not shared; its channel may be shared.
    type Value = std::cell::Cell<u32>;
    assert_impl_all!(Chan<Value>: Send, Sync, UnwindSafe, RefUnwindSafe, Unpin, Clone, Default, Debug);
    assert_impl_all!(Sender<Value>: Send, Sync, UnwindSafe, RefUnwindSafe, Unpin, Clone, Default, Debug);
    assert_impl_all!(Receiver<Value>: Send, Sync, UnwindSafe, RefUnwindSafe, Unpin, Clone, Default, Debug);
    assert_not_impl_any!(Chan<Rc<u32>>: Send, Sync);
    assert_not_impl_any!(Sender<Rc<u32>>: Send, Sync);
    assert_not_impl_any!(Receiver<Rc<u32>>: Send, Sync);
    assert_not_impl_any!(Chan<std::sync::MutexGuard<'static, u32>>: Send, Sync);
}

#[test]
fn ch_27_handles_print_without_their_values() {
    struct NotDebug;
    let ch = Chan::<NotDebug>::with_capacity(3);
    assert!(ch.try_send(NotDebug).is_ok());
    for text in [format!("{ch:?}"), format!("{:?}", ch.sender()), format!("{:?}", ch.receiver())] {
        assert!(!text.is_empty());
    }
    assert!(format!("{:?}", Chan::<NotDebug>::nil()).contains("nil"));
}

#[test]
fn ch_27_errors_are_errors_and_say_what_happened() {
    use std::error::Error;
    struct NotDebug;
    let texts = [
        Box::<dyn Error>::from(SendError(NotDebug)).to_string(),
        Box::<dyn Error>::from(TrySendError::Full(NotDebug)).to_string(),
        Box::<dyn Error>::from(TrySendError::Closed(NotDebug)).to_string(),
        Box::<dyn Error>::from(SendTimeoutError::Timeout(NotDebug)).to_string(),
        Box::<dyn Error>::from(SendTimeoutError::Closed(NotDebug)).to_string(),
        Box::<dyn Error>::from(TryRecvError::Empty).to_string(),
        Box::<dyn Error>::from(TryRecvError::Closed).to_string(),
        Box::<dyn Error>::from(RecvTimeoutError::Timeout).to_string(),
        Box::<dyn Error>::from(RecvTimeoutError::Closed).to_string(),
    ];
    for text in texts {
        assert!(text.starts_with(char::is_lowercase), "{text:?}");
    }
}

#[test]
fn ch_28_directions_are_types() {
    use gochan::__private::{CloseSide, RecvSide, SendSide};
    assert_impl_all!(Chan<u32>: SendSide, RecvSide, CloseSide);
    assert_impl_all!(Sender<u32>: SendSide, CloseSide);
    assert_impl_all!(Receiver<u32>: RecvSide);
    assert_not_impl_any!(Sender<u32>: RecvSide, IntoIterator);
    assert_not_impl_any!(Receiver<u32>: SendSide, CloseSide);
}

#[test]
fn ch_28_macros_take_handles_references_and_options() {
    let _watchdog = watchdog();
    let mut ch = chan!(u32, 4);
    send!(ch <- 1);
    send!(&ch <- 2);
    send!(&mut ch <- 3);
    send!(Some(ch.sender()) <- 4);
    let receiver = Some(&ch);
    assert_eq!((recv!(ch), recv!(&ch), recv!(receiver), recv!(ch.receiver())), (1, 2, 3, 4));
    close!(&ch);
    assert_eq!(recv!(&mut ch, ok), (0, false));
}
