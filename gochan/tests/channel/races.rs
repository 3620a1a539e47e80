//! Rows CH whose point is a race: timeouts against hand-overs, `try_recv` against `close`, and mixed company.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::thread;
use std::time::Duration;

use crate::common::{Ledger, Tracked, seeded, watchdog};
use gochan::chan::{RecvTimeoutError, SendTimeoutError, TryRecvError};
use gochan::prelude::*;
use gochan::runtime;

#[gochan::test]
fn ch_19_a_timeout_racing_with_a_hand_over_delivers_or_returns_the_value() {
    let mut random = seeded();
    for capacity in [0, 1, 2] {
        let ledger = Ledger::default();
        let (tx, rx) = chan!(Tracked, capacity).split();
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let (tx, ledger, mut random) = (tx.clone(), ledger.clone(), random.fork());
                go!({
                    let (mut sent, mut returned) = (0, 0);
                    for turn in 0..2000 {
                        let number = sender * 10_000 + turn;
                        match tx
                            .send_timeout(ledger.value(number), Duration::from_nanos(random.u64(..20_000)))
                        {
                            Ok(()) => sent += 1,
                            Err(SendTimeoutError::Timeout(back)) => {
                                assert_eq!(back.number, number);
                                returned += 1;
                            }
                            Err(SendTimeoutError::Closed(_)) => panic!("nobody closes"),
                        }
                    }
                    (sent, returned)
                })
            })
            .collect();
        drop(tx);
        let receivers: Vec<_> = (0..3)
            .map(|_| {
                let (rx, mut random) = (rx.clone(), random.fork());
                go!({
                    let mut received = 0;
                    loop {
                        match rx.recv_timeout(Duration::from_nanos(random.u64(..20_000))) {
                            Ok(_) => received += 1,
                            Err(RecvTimeoutError::Timeout) => {}
                            Err(RecvTimeoutError::Closed) => return received,
                        }
                    }
                })
            })
            .collect();
        let (mut sent, mut returned) = (0, 0);
        for sender in senders {
            let (s, r) = sender.join().unwrap();
            (sent, returned) = (sent + s, returned + r);
        }
        let received: usize = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
        assert_eq!(received, sent, "capacity {capacity}: every value sent arrives");
        assert_eq!(sent + returned, 8000);
        drop(rx);
        ledger.balances();
    }
}

#[gochan::test]
fn ch_19_a_timeout_racing_with_close_wakes_once() {
    let mut random = seeded();
    for _ in 0..2000 {
        let ch = chan!(u32);
        let wait = Duration::from_nanos(random.u64(..30_000));
        let receiver = go!([ch] { ch.recv_timeout(wait) });
        let sender = go!([ch] { ch.send_timeout(1, wait) });
        ch.close();
        let (received, sent) = (receiver.join().unwrap(), sender.join().unwrap());
        assert_eq!(received.is_ok(), sent.is_ok(), "{received:?}, {sent:?}");
    }
}

/// Two sides that begin each turn at the same time.
struct StartLine(AtomicU64);

impl StartLine {
    fn meet(&self, turn: u64) {
        self.0.fetch_add(1, SeqCst);
        while self.0.load(SeqCst) < 2 * (turn + 1) {
            // Also when both sides share a core, or a worker.
            runtime::gosched();
            std::hint::spin_loop();
        }
    }
}

#[test]
fn ch_29_try_recv_racing_with_close_never_misses_the_value() {
    const TURNS: u64 = 100_000;
    let _watchdog = watchdog();
    let (line, channels) = (Arc::new(StartLine(AtomicU64::new(0))), chan!(Chan<u64>, 1));
    let closer = thread::spawn({
        let (line, channels) = (line.clone(), channels.clone());
        move || {
            for turn in 0..TURNS {
                let ch = recv!(channels);
                line.meet(turn);
                close!(ch);
            }
        }
    });
    for turn in 0..TURNS {
        let ch = chan!(u64, 1);
        send!(ch <- turn);
        send!(channels <- ch.clone());
        line.meet(turn);
        assert_eq!(ch.try_recv(), Ok(turn));
        // Either before the close or after it.
        assert!(matches!(ch.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)));
    }
    closer.join().unwrap();
}

#[test]
fn ch_29_try_recv_on_a_channel_filled_then_closed_then_drained_never_says_empty() {
    const TURNS: u64 = 100_000;
    let _watchdog = watchdog();
    let (line, channels) = (Arc::new(StartLine(AtomicU64::new(0))), chan!(Chan<u64>, 1));
    let taker = thread::spawn({
        let (line, channels) = (line.clone(), channels.clone());
        move || {
            for turn in 0..TURNS {
                let ch = recv!(channels);
                line.meet(turn);
                let tried = ch.try_recv();
                assert_ne!(tried, Err(TryRecvError::Empty), "turn {turn}");
            }
        }
    });
    for turn in 0..TURNS {
        let ch = chan!(u64, 1);
        send!(ch <- turn);
        send!(channels <- ch.clone());
        line.meet(turn);
        // At every instant it holds the value or is closed.
        close!(ch);
        ch.recv();
    }
    taker.join().unwrap();
}

#[test]
fn ch_22_goroutines_threads_and_tasks_share_one_channel_on_both_sides() {
    let _watchdog = watchdog();
    const EACH: u64 = 3000;
    for capacity in [0, 1, 16] {
        let (tx, rx) = chan!(u64, capacity).split();
        for side in 0..2 {
            let base = side * 3 * EACH;
            go!([tx] { (base..base + EACH).for_each(|number| send!(tx <- number)) });
            thread::spawn({
                let tx = tx.clone();
                move || (base + EACH..base + 2 * EACH).for_each(|number| tx.send(number).unwrap())
            });
            thread::spawn({
                let tx = tx.clone();
                move || {
                    pollster::block_on(async {
                        for number in base + 2 * EACH..base + 3 * EACH {
                            tx.send_async(number).await.unwrap();
                        }
                    });
                }
            });
        }
        drop(tx);
        let goroutines = [(); 2].map(|()| go!([rx] { rx.iter().collect::<Vec<u64>>() }));
        let threads = [(); 2].map(|()| {
            let rx = rx.clone();
            thread::spawn(move || rx.into_iter().collect::<Vec<u64>>())
        });
        let tasks = [(); 2].map(|()| {
            let rx = rx.clone();
            thread::spawn(move || {
                pollster::block_on(async {
                    let mut all = Vec::new();
                    while let Some(number) = rx.recv_async().await {
                        all.push(number);
                    }
                    all
                })
            })
        });
        let mut all: Vec<u64> =
            goroutines.into_iter().flat_map(|goroutine| goroutine.join().unwrap()).collect();
        all.extend(threads.into_iter().chain(tasks).flat_map(|thread| thread.join().unwrap()));
        all.sort_unstable();
        assert!(all.into_iter().eq(0..6 * EACH), "capacity {capacity}");
    }
}

#[test]
fn ch_30_len_never_exceeds_capacity_and_a_closed_channel_only_shrinks() {
    let _watchdog = watchdog();
    for capacity in [0, 1, 3] {
        let ch = chan!(u64, capacity);
        let stop = Arc::new(AtomicBool::new(false));
        let observer = thread::spawn({
            let (ch, stop) = (ch.clone(), stop.clone());
            move || {
                let mut after_close = usize::MAX;
                while !stop.load(SeqCst) {
                    let closed = ch.is_closed();
                    let len = ch.len();
                    assert!(len <= capacity, "{len} values in a buffer of {capacity}");
                    if closed {
                        assert!(len <= after_close, "a closed channel grew");
                        after_close = len;
                    }
                }
            }
        });
        let senders: Vec<_> = (0..4)
            .map(|_| go!([ch] { (0..).take_while(|number| ch.send(*number).is_ok()).count() }))
            .collect();
        let receivers: Vec<_> = (0..3).map(|_| go!([ch] { ch.iter().count() })).collect();
        let taken = ch.iter().take(5000).count();
        close!(ch);
        let sent: usize = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
        let received: usize = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
        assert_eq!(received + taken, sent);
        stop.store(true, SeqCst);
        observer.join().unwrap();
    }
}

#[gochan::test]
fn ch_30_closing_leaves_no_waiter_behind() {
    for turn in 0..500 {
        let ch = chan!(u64, turn % 3);
        let senders: Vec<_> = (0..4).map(|n| go!([ch] { ch.send(n).is_ok() })).collect();
        let receivers: Vec<_> = (0..4).map(|_| go!([ch] { ch.recv().is_some() })).collect();
        ch.close();
        // Each one returns: who waits when the close comes, and who comes after it.
        let sent = senders.into_iter().filter_map(|sender| sender.join().unwrap().then_some(())).count();
        let got = receivers.into_iter().filter_map(|receiver| receiver.join().unwrap().then_some(())).count();
        assert_eq!(sent, got + ch.try_iter().count());
    }
}
