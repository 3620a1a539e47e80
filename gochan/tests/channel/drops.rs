//! Rows CH-15 to CH-17: what happens to values and waiters when handles go away.

use std::sync::Arc;
use std::thread;

use crate::common::{Ledger, Tracked, message, panic_of, seeded, until_waiting, watchdog};
use gochan::chan::{SendError, TryRecvError, TrySendError};
use gochan::prelude::*;
use gochan::{JoinHandle, runtime};

#[gochan::test]
fn ch_15_values_left_in_the_buffer_are_dropped_with_the_channel() {
    for taken in 0..=4 {
        let ledger = Ledger::default();
        let ch = chan!(Tracked, 4);
        (0..4).for_each(|number| assert!(ch.send(ledger.value(number)).is_ok()));
        // A wrapped ring has two parts; both must go.
        (0..taken).for_each(|_| drop(ch.recv()));
        (0..taken).for_each(|number| assert!(ch.send(ledger.value(number)).is_ok()));
        assert_eq!(ledger.dropped(), taken as usize);
        drop(ch);
        ledger.balances();
    }
}

#[gochan::test]
fn ch_15_values_left_in_a_closed_channel_are_dropped_with_it() {
    let ledger = Ledger::default();
    let ch = chan!(Tracked, 4);
    (0..3).for_each(|number| assert!(ch.send(ledger.value(number)).is_ok()));
    close!(ch);
    drop(ch.recv());
    assert_eq!(ledger.dropped(), 1);
    drop(ch);
    ledger.balances();
}

#[gochan::test]
fn ch_15_values_that_could_not_be_sent_are_dropped_once_by_their_owner() {
    let ledger = Ledger::default();
    let ch = chan!(Tracked);
    drop(ch.try_send(ledger.value(1)));
    drop(ch.send_timeout(ledger.value(2), crate::common::MOMENT));
    close!(ch);
    let Err(SendError(back)) = ch.send(ledger.value(3)) else { panic!("the channel is closed") };
    assert_eq!((back.number, ledger.dropped()), (3, 2));
    drop(back);
    panic_of(|| send!(ch <- ledger.value(4)));
    ledger.balances();
}

#[gochan::test]
fn ch_15_values_of_waiting_senders_are_dropped_once() {
    for capacity in [0, 2] {
        let ledger = Ledger::default();
        let (tx, rx) = chan!(Tracked, capacity).split();
        (0..capacity as u64).for_each(|number| assert!(tx.send(ledger.value(number)).is_ok()));
        let senders: Vec<_> = (0..5)
            .map(|number| {
                let value = ledger.value(number);
                go!([tx] { tx.send(value).is_err() })
            })
            .collect();
        senders.iter().for_each(until_waiting);
        drop(rx);
        assert!(senders.into_iter().all(|sender| sender.join().unwrap()));
        drop(tx);
        ledger.balances();
    }
}

#[gochan::test]
fn ch_15_a_received_value_is_its_receivers() {
    let ledger = Ledger::default();
    let ch = chan!(Tracked);
    let receiver = go!([ch] { ch.recv() });
    until_waiting(&receiver);
    assert!(ch.send(ledger.value(1)).is_ok());
    drop(ch);
    assert_eq!(ledger.dropped(), 0, "it waits in the result of the goroutine");
    let value = receiver.join().unwrap().expect("a value was sent");
    assert_eq!(value.number, 1);
    drop(value);
    ledger.balances();
}

#[gochan::test]
fn ch_15_zero_sized_values_are_dropped_once_too() {
    use std::sync::atomic::{AtomicUsize, Ordering::*};
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Nothing;
    impl Drop for Nothing {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }
    let ch = chan!(Nothing, 5);
    (0..5).for_each(|_| assert!(ch.send(Nothing).is_ok()));
    drop(ch.recv());
    assert_eq!(DROPPED.load(SeqCst), 1);
    drop(ch);
    assert_eq!(DROPPED.load(SeqCst), 5);
}

#[gochan::test]
fn ch_15_a_value_whose_drop_panics_takes_nothing_else_with_it() {
    struct Bad(#[expect(dead_code, reason = "dropped after the panic")] Tracked, bool);
    impl Drop for Bad {
        fn drop(&mut self) {
            if self.1 {
                panic!("in a destructor");
            }
        }
    }
    let ledger = Ledger::default();
    let ch = chan!(Bad, 3);
    for number in 0..3 {
        assert!(ch.send(Bad(ledger.value(number), number == 1)).is_ok());
    }
    assert_eq!(panic_of(|| drop(ch)), "in a destructor");
    ledger.balances();
}

#[gochan::test]
fn ch_15_a_destructor_may_use_the_channel_it_came_through() {
    struct Reentrant(Sender<u32>, Option<Chan<Reentrant>>);
    impl Drop for Reentrant {
        fn drop(&mut self) {
            // No lock is held while a value is dropped: neither its own channel's nor another's.
            if let Some(ch) = &self.1 {
                assert!(ch.len() <= ch.capacity());
            }
            _ = self.0.try_send(1);
        }
    }
    let log = chan!(u32, 10);
    let (tx, rx) = chan!(Reentrant, 3).split();
    for _ in 0..3 {
        assert!(tx.send(Reentrant(log.sender(), None)).is_ok());
    }
    drop(rx);
    drop(tx);
    assert_eq!(log.try_iter().count(), 3);

    let ch = chan!(Reentrant, 3);
    assert!(ch.send(Reentrant(log.sender(), Some(ch.clone()))).is_ok());
    drop(ch.recv());
    assert_eq!(log.try_iter().count(), 1);
}

/// One channel, some goroutines at both ends, and an end that is drawn: whatever the order in which handles,
/// waiters and values go, each value goes once.
#[gochan::test]
fn ch_15_every_order_of_ending_drops_every_value_once() {
    let mut random = seeded();
    for round in 0..300 {
        let ledger = Ledger::default();
        let ch = chan!(Tracked, random.usize(..4));
        let (senders, receivers) = (random.u64(..4), random.u64(..4));
        let mut goroutines: Vec<JoinHandle<()>> = Vec::new();
        for sender in 0..senders {
            let (tx, ledger, count) = (ch.sender(), ledger.clone(), random.u64(..6));
            goroutines.push(go!({
                for number in 0..count {
                    if tx.send(ledger.value(sender * 100 + number)).is_err() {
                        return;
                    }
                }
            }));
        }
        for _ in 0..receivers {
            let (rx, count) = (ch.receiver(), random.usize(..6));
            goroutines.push(go!({ rx.iter().take(count).for_each(drop) }));
        }
        (0..random.u32(..4)).for_each(|_| runtime::gosched());
        match random.u32(..5) {
            0 => drop(ch),
            1 => {
                ch.close();
                drop(ch);
            }
            2 => {
                let (tx, rx) = ch.split();
                drop(rx);
                drop(tx);
            }
            3 => {
                let (tx, rx) = ch.split();
                drop(tx);
                go!({ rx.iter().for_each(drop) });
            }
            _ => {
                let taken: Vec<Tracked> = ch.try_iter().take(2).collect();
                drop(ch);
                drop(taken);
            }
        }
        for goroutine in goroutines {
            goroutine.join().unwrap_or_else(|panic| panic!("round {round}: {}", message(&*panic)));
        }
        crate::common::until(|| ledger.dropped() >= ledger.made());
        ledger.balances();
    }
}

#[gochan::test]
fn ch_16_dropping_the_last_sending_handle_closes() {
    let (tx, rx) = chan!(u32, 2).split();
    let clone = tx.clone();
    send!(tx <- 1);
    drop(tx);
    assert!(!rx.is_closed());
    send!(clone <- 2);
    drop(clone);
    assert!(rx.is_closed());
    assert_eq!((rx.recv(), rx.recv(), rx.recv()), (Some(1), Some(2), None));
}

#[test]
fn ch_16_dropping_the_last_sending_handle_wakes_every_waiting_receiver() {
    let _watchdog = watchdog();
    let (tx, rx) = chan!(u32).split();
    let receivers: Vec<_> = (0..5).map(|_| go!([rx] { rx.recv() })).collect();
    receivers.iter().for_each(until_waiting);
    let thread = thread::spawn(move || rx.recv());
    drop(tx);
    assert!(receivers.into_iter().all(|receiver| receiver.join().unwrap().is_none()));
    assert_eq!(thread.join().unwrap(), None);
}

#[gochan::test]
fn ch_16_a_panicking_sender_closes_by_dropping_its_handle() {
    let (tx, rx) = chan!(u32).split();
    let goroutine = go!({
        send!(tx <- 1);
        panic!("with the only handle");
    });
    assert_eq!(rx.iter().collect::<Vec<_>>(), [1]);
    assert!(goroutine.join().is_err());
}

#[gochan::test]
fn ch_16_a_weak_end_cannot_come_back() {
    let (tx, rx) = chan!(u32).split();
    drop(tx);
    // A clone of a receiver of a closed channel is one of a closed channel.
    assert_eq!(rx.clone().try_recv(), Err(TryRecvError::Closed));
}

#[gochan::test]
fn ch_17_dropping_the_last_receiving_handle_returns_blocked_and_later_values() {
    let (tx, rx) = chan!(u32).split();
    let senders: Vec<_> = (0..5).map(|number| go!([tx] { tx.send(number) })).collect();
    senders.iter().for_each(until_waiting);
    drop(rx.clone());
    assert!(senders.iter().all(crate::common::is_waiting), "another receiving handle is left");
    drop(rx);
    for (number, sender) in (0..).zip(senders) {
        assert_eq!(sender.join().unwrap(), Err(SendError(number)));
    }
    assert_eq!(tx.send(9), Err(SendError(9)));
    assert_eq!(tx.try_send(9), Err(TrySendError::Closed(9)));
    assert!(tx.send_timeout(9, crate::common::MOMENT).is_err());
}

#[gochan::test]
fn ch_17_buffered_values_are_dropped_with_the_last_receiving_handle() {
    let ledger = Ledger::default();
    let (tx, rx) = chan!(Tracked, 8).split();
    (0..5).for_each(|number| assert!(tx.send(ledger.value(number)).is_ok()));
    drop(rx);
    ledger.balances();
    assert_eq!(tx.len(), 0);
    drop(tx.send(ledger.value(5)));
    ledger.balances();
}

#[gochan::test]
fn ch_17_the_send_macro_names_the_missing_receivers() {
    let (tx, rx) = chan!(u32).split();
    let sender = go!([tx] {
        send!(tx <- 1);
    });
    until_waiting(&sender);
    drop(rx);
    let payload = sender.join().unwrap_err();
    for said in [message(&*payload).to_owned(), panic_of(|| send!(tx <- 2))] {
        assert!(said.contains("receiv"), "{said}");
    }
}

#[gochan::test]
fn ch_17_a_receiver_that_leaves_early_frees_its_sender() {
    let (tx, rx) = chan!(u32).split();
    let endless = go!({
        let mut sent = 0;
        while tx.send(sent).is_ok() {
            sent += 1;
        }
        sent
    });
    let taken: Vec<u32> = rx.into_iter().take(10).collect();
    assert_eq!(taken, (0..10).collect::<Vec<_>>());
    assert!(endless.join().unwrap() >= 10);
}

#[gochan::test]
fn ch_17_the_channel_itself_is_freed_with_its_last_handle() {
    let shared = Arc::new(());
    for order in 0..2 {
        let (tx, rx) = chan!(Arc<()>, 3).split();
        (0..2).for_each(|_| send!(tx <- shared.clone()));
        assert_eq!(Arc::strong_count(&shared), 3);
        if order == 0 {
            drop(tx);
            drop(rx);
        } else {
            drop(rx);
            drop(tx);
        }
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
