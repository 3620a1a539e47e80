//! Wakers of async tasks that panic, and that call back into the crate: nothing is lost, sent twice or dropped twice.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::time::Duration;

use crate::common::{Ledger, Tracked, watchdog};
use gochan::Select;
use gochan::prelude::*;

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::panic_any("a waker may panic");
    }
}

fn panics() -> Waker {
    Waker::from(Arc::new(Panics))
}

/// Calls a closure for each wake.
struct Calls(Box<dyn Fn() + Send + Sync>);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn calls(f: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Calls(Box::new(f))))
}

/// A waker whose drop, clone or wake panics, as its data says.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Clone,
    Drop,
}

fn panics_at(at: At) -> Waker {
    fn clone(data: *const ()) -> RawWaker {
        if data.addr() == At::Clone as usize + 1 {
            std::panic::panic_any("clone of a waker");
        }
        RawWaker::new(data, &TABLE)
    }
    fn drop(data: *const ()) {
        if data.addr() == At::Drop as usize + 1 && !std::thread::panicking() {
            std::panic::panic_any("drop of a waker");
        }
    }
    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, |_| {}, |_| {}, drop);
    // SAFETY: the functions do nothing with the data but look at it, and may be called on any thread.
    unsafe { Waker::new(std::ptr::without_provenance(at as usize + 1), &TABLE) }
}

fn ignore<T>(_: T) {}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    poll(future, Waker::noop())
}

/// What `f` panics with, if it does.
fn caught<R>(f: impl FnOnce() -> R) -> Result<R, &'static str> {
    std::panic::set_hook(Box::new(|info| {
        if !info.payload().is::<&str>() {
            eprintln!("{info}");
        }
    }));
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| *payload.downcast::<&str>().expect("a text"))
}

#[gochan::test]
fn ch_15_a_value_is_dropped_once_if_the_waker_of_its_receiver_panics() {
    type Send = fn(&Chan<Tracked>, Tracked);
    let sends: [(&str, Send); 5] = [
        ("send", |ch, value| drop(ch.send(value))),
        ("try_send", |ch, value| drop(ch.try_send(value))),
        ("send_timeout", |ch, value| drop(ch.send_timeout(value, Duration::from_secs(60)))),
        ("send_async", |ch, value| drop(poll_once(pin!(ch.send_async(value))))),
        ("select! with a place", |ch, value| {
            select! {
                ch <- value => {}
                default => {}
            }
        }),
    ];
    for (name, send) in sends {
        let (ledger, ch) = (Ledger::default(), chan!(Tracked));
        let mut receive = pin!(ch.recv_async());
        assert!(poll(receive.as_mut(), &panics()).is_pending());
        assert_eq!(caught(|| send(&ch, ledger.value(1))), Err("a waker may panic"), "{name}");
        match poll_once(receive) {
            Poll::Ready(Some(value)) => assert_eq!(value.number, 1, "{name}"),
            other => panic!("{name}: {}", other.is_pending()),
        }
        assert!(ch.try_recv().is_err(), "{name}");
        ledger.balances();
    }
}

#[gochan::test]
fn ch_15_a_value_is_dropped_once_if_the_waker_of_its_sender_panics() {
    type Receive = fn(&Chan<Tracked>);
    let receives: [(&str, Receive); 6] = [
        ("recv", |ch| drop(ch.recv())),
        ("try_recv", |ch| ignore(ch.try_recv())),
        ("recv_timeout", |ch| drop(ch.recv_timeout(Duration::from_secs(60)))),
        ("recv_async", |ch| ignore(poll_once(pin!(ch.recv_async())))),
        ("select!", |ch| {
            select! {
                Some(value) = <-ch => drop(value),
                default => {}
            }
        }),
        ("Select", |ch| {
            let mut select = Select::new();
            select.recv(ch);
            drop(select.wait());
        }),
    ];
    for capacity in [0, 1] {
        for (name, receive) in receives {
            let (ledger, ch) = (Ledger::default(), chan!(Tracked, capacity));
            (0..capacity).for_each(|n| ch.send(ledger.value(n as u64)).unwrap());
            let mut send = pin!(ch.send_async(ledger.value(7)));
            assert!(poll(send.as_mut(), &panics()).is_pending());
            assert_eq!(caught(|| receive(&ch)), Err("a waker may panic"), "{name}");
            assert!(matches!(poll_once(send), Poll::Ready(Ok(()))), "{name}");
            // What a `Select` has chosen and could not return goes back to the channel.
            let returned = usize::from(name == "Select");
            assert_eq!(ch.try_iter().count(), capacity + returned, "{name}");
            ledger.balances();
        }
    }
}

#[gochan::test]
fn se_22_what_a_select_has_chosen_is_chosen_once_if_a_waker_panics() {
    let (ledger, ch) = (Ledger::default(), chan!(Tracked));
    let mut first = pin!(ch.recv_async());
    assert!(poll(first.as_mut(), &panics()).is_pending());
    let mut second = pin!(ch.recv_async());
    assert!(poll_once(second.as_mut()).is_pending());
    let mut select = Select::new();
    let arm = select.send(&ch, ledger.value(1));
    assert!(caught(|| drop(select.try_wait())).is_err());
    // Nothing is lost: the next wait tells of it.
    assert!(select.try_wait().expect("what was chosen").send(arm).is_ok());
    assert!(select.try_wait().is_none());
    let received = [first.as_mut(), second.as_mut()].map(|future| poll_once(future).is_ready());
    assert_eq!(received, [true, false]);
    drop(select);
    ledger.balances();
}

#[gochan::test]
fn se_21_a_select_that_waits_async_survives_wakers_that_panic_when_they_are_dropped() {
    let (ledger, ch) = (Ledger::default(), chan!(Tracked));
    let mut select = Select::new();
    let arm = select.recv(&ch);
    let waiting = caught(|| {
        let mut wait = Box::pin(select.wait_async());
        let waker = std::mem::ManuallyDrop::new(panics_at(At::Drop));
        assert!(poll(wait.as_mut(), &waker).is_pending());
        drop(wait);
    });
    assert_eq!(waiting, Err("drop of a waker"));
    assert!(ch.try_send(ledger.value(1)).is_err(), "nobody waits");
    let received = pin!(async { select.wait_async().await.recv(arm) });
    let mut received = received;
    assert!(poll_once(received.as_mut()).is_pending());
    assert!(ch.try_send(ledger.value(2)).is_ok());
    match poll_once(received) {
        Poll::Ready(Some(value)) => assert_eq!(value.number, 2),
        _ => panic!("not received"),
    }
    ledger.balances();
}

#[gochan::test]
fn ch_23_wakers_that_panic_when_they_are_cloned_or_dropped_lose_nothing() {
    for at in [At::Clone, At::Drop] {
        let (ledger, ch) = (Ledger::default(), chan!(Tracked));
        let waker = std::mem::ManuallyDrop::new(panics_at(at));
        let outcome = caught(|| {
            let mut receive = Box::pin(ch.recv_async());
            let _ = poll(receive.as_mut(), &waker);
            // With another waker, which replaces the first.
            let _ = poll(receive.as_mut(), Waker::noop());
        });
        assert!(outcome.is_err());
        assert!(ch.try_send(ledger.value(1)).is_err(), "the future has left the queue");
        let outcome = caught(|| {
            let mut send = Box::pin(ch.send_async(ledger.value(2)));
            let _ = poll(send.as_mut(), &waker);
            let _ = poll(send.as_mut(), Waker::noop());
        });
        assert!(outcome.is_err());
        assert!(ch.try_recv().is_err(), "the future has left the queue");
        ledger.balances();
    }
}

#[gochan::test]
fn ch_07_a_close_wakes_each_waiter_though_wakers_panic() {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = {
        let woken = woken.clone();
        calls(move || _ = woken.fetch_add(1, SeqCst))
    };
    let ch = chan!(u32);
    let mut futures: Vec<_> = (0..6).map(|_| Box::pin(ch.recv_async())).collect();
    for (future, n) in futures.iter_mut().zip(0..) {
        let waker = if n % 3 == 0 { panics() } else { count.clone() };
        assert!(poll(future.as_mut(), &waker).is_pending());
    }
    let parked = go!([ch] ch.recv());
    crate::common::until_waiting(&parked);
    assert_eq!(caught(|| ch.close()), Err("a waker may panic"));
    assert_eq!(woken.load(SeqCst), 4);
    assert_eq!(parked.join().unwrap(), None);
    assert!(futures.iter_mut().all(|future| poll_once(future.as_mut()) == Poll::Ready(None)));
    assert!(!ch.close(), "it is closed");
}

#[gochan::test]
fn ch_16_the_drop_of_the_last_sender_closes_though_wakers_panic() {
    let (tx, rx) = chan!(u32).split();
    let mut futures: Vec<_> = (0..3).map(|_| Box::pin(rx.recv_async())).collect();
    futures.iter_mut().for_each(|future| assert!(poll(future.as_mut(), &panics()).is_pending()));
    assert_eq!(caught(|| drop(tx)), Err("a waker may panic"));
    assert!(futures.iter_mut().all(|future| poll_once(future.as_mut()) == Poll::Ready(None)));
    assert!(rx.is_closed());
}

#[gochan::test]
fn ch_25_a_drop_of_the_last_sender_while_a_panic_unwinds_does_not_abort_if_a_waker_panics() {
    let (tx, rx) = chan!(u32).split();
    let mut receive = pin!(rx.recv_async());
    assert!(poll(receive.as_mut(), &panics()).is_pending());
    let outcome = caught(move || {
        let _tx = tx;
        std::panic::panic_any("the first panic");
    });
    assert_eq!(outcome, Err("the first panic"));
    assert_eq!(poll_once(receive), Poll::Ready(None));
}

#[gochan::test]
fn ch_17_each_buffered_value_is_dropped_though_destructors_panic() {
    struct Loud(Tracked);
    impl Drop for Loud {
        fn drop(&mut self) {
            if self.0.number.is_multiple_of(2) {
                std::panic::panic_any("a destructor may panic");
            }
        }
    }
    let ledger = Ledger::default();
    let (tx, rx) = chan!(Loud, 5).split();
    (0..5).for_each(|n| assert!(tx.send(Loud(ledger.value(n))).is_ok()));
    assert_eq!(caught(|| drop(rx)), Err("a destructor may panic"));
    ledger.balances();
    assert!(tx.send(Loud(ledger.value(1))).is_err());
}

/// The waker does with the channel whatever can be done, while the operation that wakes it goes on.
#[gochan::test]
fn ch_22_a_waker_may_use_the_channel_that_wakes_it() {
    type Act = fn(&Chan<u32>);
    let acts: [(&str, Act); 6] = [
        ("close", |ch| ignore(ch.close())),
        ("send", |ch| ignore(ch.try_send(2))),
        ("receive", |ch| ignore(ch.try_recv())),
        ("wait and leave", |ch| ignore(poll_once(pin!(ch.recv_async())))),
        ("clone and drop", |ch| drop(ch.split_off())),
        ("select", |ch| {
            select! {
                biased;
                <-ch => {}
                ch <- 3 => {}
                default => {}
            }
        }),
    ];
    for (name, act) in acts {
        for (wakes, wake) in [
            ("try_send", (|ch| ignore(ch.try_send(1))) as Act),
            ("close", |ch| ignore(ch.close())),
            ("send_async", |ch| ignore(poll_once(pin!(ch.send_async(1))))),
        ] {
            let ch = chan!(u32);
            let used = ch.clone();
            let waker = calls(move || act(&used));
            let mut receive = pin!(ch.recv_async());
            assert!(poll(receive.as_mut(), &waker).is_pending());
            wake(&ch);
            assert!(poll_once(receive).is_ready(), "{name} at {wakes}");
        }
    }
}

trait SplitOff {
    fn split_off(&self) -> (Sender<u32>, Receiver<u32>);
}

impl SplitOff for Chan<u32> {
    fn split_off(&self) -> (Sender<u32>, Receiver<u32>) {
        self.clone().split()
    }
}

#[gochan::test]
fn cx_02_a_cancel_ends_all_though_wakers_panic() {
    let (ctx, cancel) = background().with_cancel();
    let children: Vec<_> = (0..4).map(|_| ctx.with_cancel()).collect();
    let mut futures: Vec<_> = children.iter().map(|(child, _)| Box::pin(child.done().recv_async())).collect();
    futures.iter_mut().for_each(|future| assert!(poll(future.as_mut(), &panics()).is_pending()));
    let called = chan!(());
    let _stop = ctx.after_func({
        let called = called.clone();
        move || ignore(called.close())
    });
    assert_eq!(caught(|| cancel.cancel()), Err("a waker may panic"));
    assert!(children.iter().all(|(child, _)| child.err().is_some() && child.done().is_closed()));
    assert!(futures.iter_mut().all(|future| poll_once(future.as_mut()) == Poll::Ready(None)));
    assert_eq!(called.recv(), None);
}

#[test]
fn tm_02_a_timer_whose_waker_panics_reports_that_and_others_ring() {
    let _watchdog = watchdog();
    let first = after(Duration::from_millis(5));
    let second = after(Duration::from_millis(6));
    let woken = Arc::new(Mutex::new(std::thread::current()));
    let mut one = pin!(first.recv_async());
    let mut other = pin!(second.recv_async());
    assert!(poll(one.as_mut(), &panics()).is_pending());
    let waker = calls(move || woken.lock().unwrap().unpark());
    while poll(other.as_mut(), &waker).is_pending() {
        std::thread::park();
    }
    assert!(poll_once(one).is_ready());
}
