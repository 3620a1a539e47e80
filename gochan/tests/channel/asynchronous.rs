//! Rows CH for async tasks: the futures and the stream of a channel, and dropping them halfway.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use crate::common::{Ledger, Tracked, panic_of, patience, seeded, until, until_waiting, watchdog};
use futures_core::Stream;
use gochan::chan::{SendError, TryRecvError, TrySendError};
use gochan::prelude::*;
use static_assertions::assert_impl_all;

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A task polled by hand.
struct Task<F: Future>(Pin<Box<F>>, Arc<Woken>);

impl<F: Future> Task<F> {
    fn new(future: F) -> Self {
        Self(Box::pin(future), Arc::default())
    }

    fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(self.1.clone());
        self.0.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn is_woken(&self) -> bool {
        self.1.0.load(SeqCst) > 0
    }
}

#[test]
fn ch_22_a_task_receives_and_sends_without_blocking_its_thread() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let mut receiver = Task::new(ch.recv_async());
    assert_eq!(receiver.poll(), Poll::Pending);
    let mut sender = Task::new(ch.send_async(5));
    let mut sent = sender.poll();
    let mut received = receiver.poll();
    for _ in 0..4 {
        if sent.is_pending() {
            sent = sender.poll();
        }
        if received.is_pending() {
            received = receiver.poll();
        }
    }
    assert_eq!((sent, received), (Poll::Ready(Ok(())), Poll::Ready(Some(5))));
}

#[gochan::test]
fn ch_22_what_is_ready_is_ready_at_the_first_poll() {
    let ch = chan!(u32, 1);
    assert_eq!(Task::new(ch.send_async(1)).poll(), Poll::Ready(Ok(())));
    assert_eq!(Task::new(ch.recv_async()).poll(), Poll::Ready(Some(1)));
    close!(ch);
    assert_eq!(Task::new(ch.recv_async()).poll(), Poll::Ready(None));
    assert_eq!(Task::new(ch.send_async(2)).poll(), Poll::Ready(Err(SendError(2))));
}

#[gochan::test]
fn ch_22_a_goroutine_wakes_a_waiting_task_and_is_woken_by_one() {
    let ch = chan!(u32);
    let mut receiver = Task::new(ch.recv_async());
    assert!(receiver.poll().is_pending());
    let sender = go!([ch] { ch.send(7) });
    until(|| receiver.is_woken());
    assert_eq!(receiver.poll(), Poll::Ready(Some(7)));
    assert_eq!(sender.join().unwrap(), Ok(()));

    let receiver = go!([ch] { ch.recv() });
    until_waiting(&receiver);
    assert_eq!(Task::new(ch.send_async(8)).poll(), Poll::Ready(Ok(())));
    assert_eq!(receiver.join().unwrap(), Some(8));
}

#[gochan::test]
fn ch_07_close_wakes_waiting_tasks_with_none_and_the_value() {
    let ch = chan!(u32);
    let mut receiver = Task::new(ch.recv_async());
    assert!(receiver.poll().is_pending());
    close!(ch);
    assert!(receiver.is_woken());
    assert_eq!(receiver.poll(), Poll::Ready(None));

    let ch = chan!(u32, 1);
    send!(ch <- 0);
    let mut sender = Task::new(ch.send_async(3));
    assert!(sender.poll().is_pending());
    close!(ch);
    assert!(sender.is_woken());
    assert_eq!(sender.poll(), Poll::Ready(Err(SendError(3))));
}

#[gochan::test]
fn ch_10_tasks_wait_for_ever_on_nil() {
    let nil = Chan::<u32>::nil();
    let (mut receiver, mut sender) = (Task::new(nil.recv_async()), Task::new(nil.send_async(1)));
    for _ in 0..3 {
        assert!(receiver.poll().is_pending() && sender.poll().is_pending());
    }
    assert!(!receiver.is_woken() && !sender.is_woken());
}

#[gochan::test]
fn ch_16_dropping_the_last_sender_wakes_waiting_tasks() {
    let (tx, rx) = chan!(u32).split();
    let mut receiver = Task::new(rx.recv_async());
    assert!(receiver.poll().is_pending());
    drop(tx);
    assert!(receiver.is_woken());
    assert_eq!(receiver.poll(), Poll::Ready(None));
}

#[gochan::test]
fn ch_17_dropping_the_last_receiver_wakes_waiting_tasks_with_their_values() {
    let (tx, rx) = chan!(u32).split();
    let mut sender = Task::new(tx.send_async(4));
    assert!(sender.poll().is_pending());
    drop(rx);
    assert!(sender.is_woken());
    assert_eq!(sender.poll(), Poll::Ready(Err(SendError(4))));
}

#[test]
fn ch_22_the_stream_yields_every_value_and_ends() {
    let _watchdog = watchdog();
    let (tx, rx) = chan!(u32, 2).split();
    go!({ (0..100).for_each(|number| send!(tx <- number)) });
    let all = pollster::block_on(async {
        let mut stream = pin!(rx.stream());
        let mut all = Vec::new();
        while let Some(number) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
            all.push(number);
        }
        all
    });
    assert!(all.into_iter().eq(0..100));
}

#[gochan::test]
fn ch_22_a_stream_may_move_while_it_waits() {
    let ch = chan!(u32);
    let mut stream = ch.receiver().stream();
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut stream).poll_next(&mut context).is_pending());
    let mut moved = Box::new(stream);
    ch.try_send(1).expect("the stream waits");
    assert_eq!(Pin::new(&mut *moved).poll_next(&mut context), Poll::Ready(Some(1)));
    assert!(Pin::new(&mut *moved).poll_next(&mut context).is_pending());
    drop(moved);
    assert_eq!(ch.try_send(2), Err(TrySendError::Full(2)));
}

#[gochan::test]
fn ch_23_a_dropped_receive_no_longer_waits() {
    let ch = chan!(u32);
    let mut receiver = Task::new(ch.recv_async());
    assert!(receiver.poll().is_pending());
    drop(receiver);
    assert_eq!(ch.try_send(1), Err(TrySendError::Full(1)));
}

#[gochan::test]
fn ch_23_a_receive_never_polled_takes_nothing() {
    let ch = chan!(u32, 1);
    let receiver = ch.recv_async();
    send!(ch <- 1);
    drop(receiver);
    assert_eq!(ch.try_recv(), Ok(1));
}

#[gochan::test]
fn ch_23_a_receive_dropped_after_its_wake_leaves_the_value_of_a_buffer() {
    let ch = chan!(u32, 1);
    let mut receiver = Task::new(ch.recv_async());
    assert!(receiver.poll().is_pending());
    send!(ch <- 1);
    assert!(receiver.is_woken());
    drop(receiver);
    assert_eq!(ch.recv_timeout(patience()), Ok(1));
}

#[gochan::test]
fn ch_23_a_receive_dropped_after_its_wake_leaves_the_value_of_an_unbuffered_send() {
    let ch = chan!(u32);
    let mut receiver = Task::new(ch.recv_async());
    assert!(receiver.poll().is_pending());
    let sender = go!([ch] { ch.send(1) });
    until(|| receiver.is_woken());
    drop(receiver);
    assert_eq!(ch.recv_timeout(patience()), Ok(1));
    assert_eq!(sender.join().unwrap(), Ok(()));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
}

#[gochan::test]
fn ch_23_a_receive_dropped_after_its_wake_passes_the_value_to_the_next_in_line() {
    for capacity in [0, 1] {
        let ch = chan!(u32, capacity);
        let mut first = Task::new(ch.recv_async());
        assert!(first.poll().is_pending());
        let second = go!([ch] { ch.recv() });
        until_waiting(&second);
        let sender = go!([ch] { ch.send(1) });
        until(|| first.is_woken());
        drop(first);
        assert_eq!(second.join().unwrap(), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    }
}

#[gochan::test]
fn ch_23_a_woken_receive_dropped_before_the_close_leaves_the_value_to_drain() {
    let (tx, rx) = chan!(u32).split();
    let mut receiver = Task::new(rx.recv_async());
    assert!(receiver.poll().is_pending());
    let sender = go!({ tx.send(1) });
    until(|| receiver.is_woken());
    drop(receiver);
    assert_eq!((rx.recv(), rx.recv()), (Some(1), None));
    assert_eq!(sender.join().unwrap(), Ok(()));
}

#[gochan::test]
fn ch_23_a_dropped_send_no_longer_waits_and_drops_its_value_once() {
    for capacity in [0, 1] {
        let ledger = Ledger::default();
        let ch = chan!(Tracked, capacity);
        (0..capacity as u64).for_each(|number| assert!(ch.try_send(ledger.value(number)).is_ok()));
        let mut sender = Task::new(ch.send_async(ledger.value(9)));
        assert!(sender.poll().is_pending());
        drop(sender);
        assert_eq!(ledger.dropped(), 1);
        assert_eq!(
            ch.try_iter().map(|value| value.number).collect::<Vec<_>>(),
            (0..capacity as u64).collect::<Vec<_>>()
        );
        drop(ch);
        ledger.balances();
    }
}

#[gochan::test]
fn ch_23_a_send_dropped_after_its_value_was_taken_takes_nothing_back() {
    let ledger = Ledger::default();
    let ch = chan!(Tracked);
    let mut sender = Task::new(ch.send_async(ledger.value(1)));
    assert!(sender.poll().is_pending());
    let value = ch.try_recv().expect("a task waits to send it");
    assert!(sender.is_woken());
    drop(sender);
    assert_eq!((value.number, ledger.dropped()), (1, 0));
    drop(value);
    ledger.balances();
}

#[gochan::test]
fn ch_23_a_send_dropped_lets_the_next_in_line_send() {
    let ch = chan!(u32, 1);
    send!(ch <- 0);
    let mut first = Task::new(ch.send_async(1));
    assert!(first.poll().is_pending());
    let second = go!([ch] { ch.send(2) });
    until_waiting(&second);
    drop(first);
    assert_eq!((recv!(ch), recv!(ch)), (0, 2));
    assert_eq!(second.join().unwrap(), Ok(()));
}

#[gochan::test]
fn ch_23_a_future_moves_between_tasks_and_wakes_the_last_one_that_polled_it() {
    let ch = chan!(u32);
    let mut receiver = Task::new(ch.recv_async());
    assert!(receiver.poll().is_pending());
    let first = std::mem::take(&mut receiver.1);
    assert!(receiver.poll().is_pending());
    let sender = go!([ch] { ch.send(1) });
    until(|| receiver.is_woken());
    assert_eq!(first.0.load(SeqCst), 0, "the task that gave the future away is left in peace");
    assert_eq!(receiver.poll(), Poll::Ready(Some(1)));
    assert_eq!(sender.join().unwrap(), Ok(()));
}

/// Drops a future when it is woken, as an executor does that cancels one task from another.
#[derive(Default)]
struct Canceller<F>(Mutex<Option<Pin<Box<F>>>>);

impl<F: Send> Wake for Canceller<F> {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

/// Lets `first` and `second` wait, and `end` end their wait; the first wake drops the second future.
#[track_caller]
fn dropped_by_the_wake_of_another<F: Future + Send + 'static>(first: F, second: F, end: impl FnOnce())
where
    F::Output: Send,
{
    let (canceller, woken) = (Arc::new(Canceller(Mutex::new(None))), Arc::<Woken>::default());
    let (mut first, mut second) = (Box::pin(first), Box::pin(second));
    let waker = Waker::from(canceller.clone());
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let waker = Waker::from(woken.clone());
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    *canceller.0.lock().unwrap() = Some(second);
    end();
    assert!(canceller.0.lock().unwrap().is_none(), "the first future was woken");
    // Whoever ended the wait may have woken it before it was dropped, but keeps nothing of it afterwards.
    assert_eq!(Arc::strong_count(&woken), 1, "the waker of a dropped future is gone");
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[gochan::test]
fn ch_23_a_receive_may_be_dropped_by_the_wake_of_another_while_the_channel_closes() {
    let (tx, rx) = chan!(u32).split();
    // For ever: the futures in the wakers borrow it.
    let rx: &'static Receiver<u32> = Box::leak(Box::new(rx));
    dropped_by_the_wake_of_another(rx.recv_async(), rx.recv_async(), || close!(tx));
}

#[gochan::test]
fn ch_23_a_send_may_be_dropped_by_the_wake_of_another_while_the_receivers_go() {
    let (tx, rx) = chan!(u32).split();
    let tx: &'static Sender<u32> = Box::leak(Box::new(tx));
    dropped_by_the_wake_of_another(tx.send_async(1), tx.send_async(2), || drop(rx));
}

#[test]
fn ch_23_futures_polled_again_and_dropped_while_the_channel_closes_are_left_alone() {
    let _watchdog = watchdog();
    for _ in 0..300 {
        let ch = chan!(u32);
        let line = Arc::new(Barrier::new(2));
        let poller = thread::spawn({
            let (ch, line) = (ch.clone(), line.clone());
            move || {
                let mut waiting: Vec<_> = (0..100).map(|_| Task::new(ch.recv_async())).collect();
                assert!(waiting.iter_mut().all(|task| task.poll().is_pending()));
                line.wait();
                // The last ones first, far from where the close begins to wake.
                while let Some(mut task) = waiting.pop() {
                    while task.poll().is_pending() {
                        std::hint::spin_loop();
                    }
                }
            }
        });
        line.wait();
        close!(ch);
        poller.join().unwrap();
    }
}

#[test]
fn ch_23_tasks_that_give_up_at_random_lose_nothing() {
    let _watchdog = watchdog();
    let mut random = seeded();
    for round in 0..30 {
        let ledger = Ledger::default();
        let (tx, rx) = chan!(Tracked, round % 3).split();
        let receivers: Vec<_> = (0..3)
            .map(|_| {
                let (rx, mut random) = (rx.clone(), random.fork());
                thread::spawn(move || {
                    let mut received = 0;
                    loop {
                        let mut task = Task::new(rx.recv_async());
                        for _ in 0..random.u32(1..4) {
                            match task.poll() {
                                Poll::Ready(Some(_)) => received += 1,
                                Poll::Ready(None) => return received,
                                Poll::Pending => {
                                    thread::yield_now();
                                    continue;
                                }
                            }
                            break;
                        }
                        // Dropped here: ready, waiting, or woken with a value it has not seen.
                    }
                })
            })
            .collect();
        drop(rx);
        let senders: Vec<_> = (0..3)
            .map(|_| {
                let (tx, ledger, mut random) = (tx.clone(), ledger.clone(), random.fork());
                go!({
                    let mut sent = 0;
                    for number in 0..300 {
                        if random.bool() {
                            assert!(tx.send(ledger.value(number)).is_ok());
                            sent += 1;
                        } else if tx.try_send(ledger.value(number)).is_ok() {
                            sent += 1;
                        }
                    }
                    sent
                })
            })
            .collect();
        drop(tx);
        let sent: usize = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
        let received: usize = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
        assert_eq!(received, sent, "round {round}");
        ledger.balances();
    }
}

#[test]
fn ch_27_futures_are_send_if_the_value_is() {
    fn is_send<T: Send>(_: &T) {}
    let ch = chan!(std::cell::Cell<u32>);
    is_send(&ch.recv_async());
    is_send(&ch.send_async(std::cell::Cell::new(1)));
    let rx = ch.receiver();
    is_send(&rx.stream());
    assert_impl_all!(Receiver<u32>: Send);
    fn is_stream<S: Stream<Item = u32>>(_: &S) {}
    is_stream(&chan!(u32).receiver().stream());
}

/// A task that ends with its last waker, and has handles then that it drops.
struct Ends<F: FnMut() + Send>(Mutex<F>);

impl<F: FnMut() + Send> Wake for Ends<F> {
    fn wake(self: Arc<Self>) {}
}

impl<F: FnMut() + Send> Drop for Ends<F> {
    fn drop(&mut self) {
        self.0.get_mut().unwrap()();
    }
}

fn at_the_end(f: impl FnMut() + Send + 'static) -> Waker {
    Waker::from(Arc::new(Ends(Mutex::new(f))))
}

#[gochan::test]
fn ch_23_the_waker_that_another_replaces_may_use_the_channel_when_it_is_dropped() {
    let (tx, rx) = chan!(u32).split();
    let mut receive = pin!(rx.recv_async());
    // Its handle is the last that could send.
    let mut last = Some(tx);
    let waker = at_the_end(move || drop(last.take()));
    assert!(receive.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert!(!rx.is_closed(), "the channel keeps the waker");
    let polled = receive.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(rx.is_closed());
    assert!(polled.is_pending() || polled == Poll::Ready(None));
    assert_eq!(receive.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));

    let (tx, rx) = chan!(u32).split();
    let mut send = pin!(tx.send_async(1));
    let mut last = Some(rx);
    let waker = at_the_end(move || drop(last.take()));
    assert!(send.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    let _ = send.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(send.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(SendError(1))));
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker that fails");
    }
}

#[gochan::test]
fn ch_07_a_waker_that_panics_keeps_nobody_else_from_being_woken_by_the_close() {
    let ch = chan!(u32);
    let first = go!([ch] ch.recv());
    until_waiting(&first);
    let mut failing = pin!(ch.recv_async());
    let waker = Waker::from(Arc::new(Panics));
    assert!(failing.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut task = Task::new(ch.recv_async());
    assert!(task.poll().is_pending());
    let last = go!([ch] ch.recv());
    until_waiting(&last);
    assert_eq!(panic_of(|| _ = ch.close()), "a waker that fails");
    assert_eq!((first.join().unwrap(), last.join().unwrap()), (None, None));
    assert!(task.is_woken());
}
