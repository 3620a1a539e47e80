//! Rows CH-10, CH-18, CH-27 and CH-28: handles, of which some are nil, and the errors.

use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::time::Duration;

use crate::common::{MOMENT, is_waiting, until_waiting, watchdog};
use gochan::JoinHandle;
use gochan::chan::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use gochan::prelude::*;
use static_assertions::{assert_impl_all, assert_not_impl_any};

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

#[gochan::test]
fn ch_10_try_and_timeout_forms_on_nil_report_that_nothing_can_be_done() {
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

#[gochan::test]
fn ch_18_a_chan_counts_as_both_sides() {
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

#[gochan::test]
fn ch_18_split_consumes_the_chan() {
    let (tx, rx) = chan!(u32, 1).split();
    send!(tx <- 1);
    drop(tx);
    assert_eq!((rx.recv(), rx.recv()), (Some(1), None));
    let (tx, rx) = chan!(u32, 1).split();
    drop(rx);
    assert_eq!(tx.send(1), Err(SendError(1)));
}

#[gochan::test]
fn ch_18_a_chan_converts_into_a_half_of_it() {
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

#[gochan::test]
fn an_error_of_send_is_one_of_its_other_forms() {
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

/// As in Go, where the chat server's clients are the keys of a map.
#[gochan::test]
fn ch_18_channels_are_compared_and_are_keys_of_maps() {
    let (one, two) = (chan!(u32, 1), chan!(u32, 1));
    assert!(one == one.clone() && one != two && one.sender() == one.sender());
    assert!(Chan::<u32>::nil() == Chan::nil() && one != Chan::nil());
    let mut clients = std::collections::HashMap::from([(one.sender(), "one"), (two.sender(), "two")]);
    assert_eq!(clients.get(&one.sender()), Some(&"one"));
    assert_eq!(clients.remove(&two.sender()), Some("two"));
    assert!(!clients.contains_key(&two.sender()));
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

#[gochan::test]
fn ch_28_macros_take_handles_references_and_options() {
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
