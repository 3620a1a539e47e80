//! Channels, selects and WaitGroup under shuttle: every atomic operation, lock and park is a scheduling point, and
//! thousands of schedules are tried, random ones and those of probabilistic concurrency testing. A lost wake-up shows
//! as a deadlock, which shuttle reports with the schedule that replays it.
//!
//! Built only with `--cfg gochan_model`; `cargo xtask model` does that.

mod select;

use gochan::chan::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};
use gochan::{Chan, WaitGroup};
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const RANDOM: usize = 8_000;
const PCT: usize = 8_000;

fn check(body: fn()) {
    shuttle::check_random(body, RANDOM);
    shuttle::check_pct(body, PCT, 3);
}

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn transfer(capacity: usize) {
    let ch = Chan::with_capacity(capacity);
    let senders: Vec<_> = (0..2)
        .map(|s| {
            let ch = ch.sender();
            thread::spawn(move || (0..2).for_each(|i| ch.send(s * 10 + i).unwrap()))
        })
        .collect();
    let receivers: Vec<_> = (0..2)
        .map(|_| {
            let ch = ch.receiver();
            thread::spawn(move || ch.iter().collect::<Vec<i32>>())
        })
        .collect();
    drop(ch);
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    let mut got: Vec<_> = receivers.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect();
    got.sort_unstable();
    assert_eq!(got, [0, 1, 10, 11]);
}

#[test]
fn every_value_arrives_once_unbuffered() {
    check(|| transfer(0));
}

#[test]
fn every_value_arrives_once_buffered() {
    check(|| transfer(1));
}

#[test]
fn a_close_beside_sends_and_receives_loses_nothing() {
    check(|| {
        let ch = Chan::<i32>::with_capacity(1);
        let sender = {
            let ch = ch.clone();
            thread::spawn(move || (0..3).filter(|&i| ch.send(i).is_ok()).count())
        };
        let receiver = {
            let ch = ch.clone();
            thread::spawn(move || ch.iter().count())
        };
        assert!(ch.close());
        assert!(!ch.close());
        assert_eq!(sender.join().unwrap(), receiver.join().unwrap());
    });
}

#[test]
fn a_timeout_beside_a_hand_over_delivers_or_returns() {
    check(|| {
        let ch = Chan::<i32>::new();
        let sender = {
            let ch = ch.clone();
            thread::spawn(move || match ch.send_timeout(7, Duration::from_millis(1)) {
                Ok(()) => 1,
                Err(SendTimeoutError::Timeout(value)) => {
                    assert_eq!(value, 7);
                    0
                }
                Err(SendTimeoutError::Closed(_)) => panic!("nobody closes"),
            })
        };
        let received = match ch.recv_timeout(Duration::from_millis(1)) {
            Ok(value) => {
                assert_eq!(value, 7);
                1
            }
            Err(RecvTimeoutError::Timeout) => 0,
            Err(RecvTimeoutError::Closed) => panic!("nobody closes"),
        };
        assert_eq!(sender.join().unwrap(), received);
    });
}

#[test]
fn dropping_the_last_handles_wakes_and_drops_once() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = Chan::with_capacity(1).split();
        let counted = drops.clone();
        let sender = thread::spawn(move || {
            // The second send waits until the receiver is dropped, or fails at once.
            for _ in 0..3 {
                if let Err(error) = tx.send(Counted(counted.clone())) {
                    drop(error);
                }
            }
        });
        let first = rx.recv();
        drop(rx);
        drop(first);
        sender.join().unwrap();
        assert_eq!(drops.load(SeqCst), 3);
    });
}

#[test]
fn the_last_sender_of_several_closes() {
    check(|| {
        let (tx, rx) = Chan::<i32>::new().split();
        let others: Vec<_> = (0..2)
            .map(|i| {
                let tx = tx.clone();
                thread::spawn(move || tx.send(i).unwrap())
            })
            .collect();
        drop(tx);
        assert_eq!(rx.iter().count(), 2);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn both_sides_going_at_once_free_the_channel_once() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = Chan::with_capacity(2).split();
        tx.send(Counted(drops.clone())).unwrap();
        let other = thread::spawn(move || drop(rx));
        let _ = tx.try_send(Counted(drops.clone()));
        drop(tx);
        other.join().unwrap();
        assert_eq!(drops.load(SeqCst), 2);
    });
}

#[test]
fn try_operations_never_wait_and_never_lie() {
    check(|| {
        let ch = Chan::<i32>::with_capacity(1);
        let other = {
            let ch = ch.clone();
            thread::spawn(move || {
                ch.send(1).unwrap();
                ch.close();
            })
        };
        loop {
            match ch.try_recv() {
                Ok(value) => {
                    assert_eq!(value, 1);
                    break;
                }
                Err(TryRecvError::Empty) => thread::yield_now(),
                Err(TryRecvError::Closed) => panic!("the value is lost"),
            }
        }
        assert!(!matches!(ch.try_send(2), Ok(()) if ch.is_closed() && ch.is_empty()));
        other.join().unwrap();
        assert!(matches!(ch.try_send(3), Err(TrySendError::Closed(3) | TrySendError::Full(3))));
    });
}

#[test]
fn a_dropped_async_receive_gives_its_value_back() {
    check(|| {
        let ch = Chan::<i32>::new();
        let sender = {
            let ch = ch.clone();
            thread::spawn(move || ch.send(5).unwrap())
        };
        {
            let mut receive = Box::pin(ch.recv_async());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            if let std::task::Poll::Ready(value) = receive.as_mut().poll(&mut context) {
                assert_eq!(value, Some(5));
                sender.join().unwrap();
                return;
            }
            thread::yield_now();
        }
        assert_eq!(ch.recv(), Some(5));
        sender.join().unwrap();
    });
}

#[test]
fn wait_returns_when_all_are_done_and_not_before() {
    check(|| {
        let wg = WaitGroup::new();
        let finished = Arc::new(AtomicUsize::new(0));
        wg.add(2);
        for _ in 0..2 {
            let (wg, finished) = (wg.clone(), finished.clone());
            thread::spawn(move || {
                finished.fetch_add(1, SeqCst);
                wg.done();
            });
        }
        let other = {
            let (wg, finished) = (wg.clone(), finished.clone());
            thread::spawn(move || {
                wg.wait();
                assert_eq!(finished.load(SeqCst), 2);
            })
        };
        wg.wait();
        assert_eq!(finished.load(SeqCst), 2);
        other.join().unwrap();
        // The next round of the same group.
        wg.add(1);
        let again = wg.clone();
        thread::spawn(move || again.done());
        wg.wait();
    });
}
