//! `Chan::unbounded`.

use crate::common::{Ledger, until_waiting, watchdog};
use gochan::Select;
use gochan::chan::{SendError, TryRecvError};
use gochan::prelude::*;

#[gochan::test]
fn a_send_never_waits_and_the_order_stays() {
    let ch = Chan::unbounded();
    for value in 0..10_000 {
        match value % 3 {
            0 => send!(ch <- value),
            1 => ch.try_send(value).unwrap(),
            _ => select! {
                ch <- value => {}
                default => panic!("there is room"),
            },
        }
    }
    assert_eq!((ch.len(), ch.capacity(), ch.is_full(), ch.is_empty()), (10_000, usize::MAX, false, false));
    assert!(ch.iter().take(9_999).eq(0..9_999));
    close!(ch);
    assert_eq!(ch.send(0), Err(SendError(0)));
    assert_eq!((ch.recv(), ch.recv()), (Some(9_999), None));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Closed));
}

#[gochan::test]
fn a_receiver_that_waits_gets_the_value() {
    let ch = Chan::unbounded();
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    let waiting = go!([ch] { recv!(ch) });
    until_waiting(&waiting);
    send!(ch <- 1);
    assert_eq!(waiting.join().unwrap(), 1);
    let selecting = go!([ch] {
        select! {
            value = <-ch => value,
        }
    });
    until_waiting(&selecting);
    send!(ch <- 2);
    assert_eq!(selecting.join().unwrap(), 2);
    let mut select = Select::new();
    let (sends, receives) = (select.send(&ch, 3), select.recv(&ch));
    select.wait().send(sends).unwrap();
    assert_eq!(select.wait().recv(receives), Some(3));
}

#[gochan::test]
fn values_are_dropped_once_with_the_last_receiver_or_the_channel() {
    let ledger = Ledger::default();
    let (tx, rx) = Chan::unbounded().split();
    (0..100).for_each(|number| tx.send(ledger.value(number)).unwrap());
    rx.recv();
    drop(rx);
    assert_eq!(ledger.dropped(), 100);
    assert!(tx.send(ledger.value(100)).is_err());
    let ch = Chan::unbounded();
    (0..100).for_each(|number| ch.send(ledger.value(number)).unwrap());
    drop(ch);
    ledger.balances();
}

#[test]
fn a_future_gives_back_what_it_has_not_returned_and_nothing_is_lost() {
    let _watchdog = watchdog();
    let ch = Chan::unbounded();
    pollster::block_on(async {
        let mut waiting = Box::pin(ch.recv_async());
        assert!(
            std::future::poll_fn(|task| std::task::Poll::Ready(waiting.as_mut().poll(task).is_pending()))
                .await
        );
        ch.send_async(1).await.unwrap();
        ch.send_async(2).await.unwrap();
    });
    assert!(ch.try_iter().eq([1, 2]));
    let senders: Vec<_> =
        (0..4).map(|_| go!([ch] { (1..=500).for_each(|value| send!(ch <- value)) })).collect();
    let receivers: Vec<_> = (0..3).map(|_| go!([ch] { ch.iter().sum::<u64>() })).collect();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    close!(ch);
    let sum: u64 = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
    assert_eq!(sum, 4 * 500 * 501 / 2);
}
