//! What becomes of the handles, guards, choices and futures of the crate when they are forgotten, as any safe program may.
//! Each test says what stays behind; nothing that is forgotten may show up elsewhere, or be dropped twice.

use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::common::until;
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::sync::{Mutex, Pool, RwLock, Semaphore};
use gochan::{RecvArm, Select, scope};

/// Counts how often it is dropped.
#[derive(Debug)]
struct Counted(&'static str, Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_add(1, SeqCst);
    }
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What is done to a set whose last choice, with a value, has been forgotten; then it is asked for the next one.
type Next = fn(&mut Select<'_>, RecvArm<Counted>) -> Option<&'static str>;

fn name(received: Option<Counted>) -> Option<&'static str> {
    received.map(|value| value.0)
}

#[gochan::test]
fn se_22_the_value_of_a_forgotten_choice_is_dropped_once_and_never_handed_out() {
    let ways: [(&str, Next); 6] = [
        ("wait", |select, arm| name(select.wait().recv(arm))),
        ("try_wait", |select, arm| select.try_wait().and_then(|ready| name(ready.recv(arm)))),
        ("wait_timeout", |select, arm| {
            select.wait_timeout(Duration::from_secs(1_000)).and_then(|ready| name(ready.recv(arm)))
        }),
        ("wait_async", |select, arm| match poll(&mut select.wait_async()) {
            Poll::Ready(ready) => name(ready.recv(arm)),
            Poll::Pending => panic!("something is ready"),
        }),
        ("remove", |select, arm| {
            select.remove(arm.index());
            assert!(select.try_wait().is_none());
            None
        }),
        ("biased", |select, arm| name(mem::take(select).biased().wait().recv(arm))),
    ];
    for (way, next) in ways {
        for closed in [false, true] {
            let drops = Arc::new(AtomicUsize::new(0));
            let value = |name| Counted(name, drops.clone());
            let ch = chan!(Counted, 1);
            let mut select = Select::new();
            let arm = select.recv(&ch);
            ch.send(value("old")).unwrap();
            mem::forget(select.wait());
            if closed {
                close!(ch);
            } else {
                ch.send(value("new")).unwrap();
            }
            let received = next(&mut select, arm);
            if way == "remove" {
                assert_eq!(received, None);
                assert_eq!(drops.load(SeqCst), 1, "{way}");
                assert_eq!(name(ch.try_recv().ok()), (!closed).then_some("new"), "{way}");
                assert!(ch.try_recv().is_err(), "the old value is back");
            } else {
                assert_eq!(received, (!closed).then_some("new"), "{way}, closed: {closed}");
            }
            drop(select);
            assert_eq!(drops.load(SeqCst), 2 - usize::from(closed), "{way}, closed: {closed}");
        }
    }
}

#[test]
fn se_22_the_value_of_a_forgotten_choice_goes_with_the_set() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (ch, other) = (chan!(Counted, 1), chan!(u32, 1));
    let mut select = Select::new();
    select.recv(&ch);
    ch.send(Counted("old", drops.clone())).unwrap();
    mem::forget(select.wait());
    // Nor does it last until then if the set changes before.
    select.send(&other, 1);
    assert_eq!(drops.load(SeqCst), 1);
    ch.send(Counted("new", drops.clone())).unwrap();
    mem::forget(select.biased().wait());
    assert_eq!(drops.load(SeqCst), 2);
}

#[test]
fn se_22_a_forgotten_choice_of_a_send_has_sent_or_keeps_its_value() {
    let drops = Arc::new(AtomicUsize::new(0));
    let value = |name| Counted(name, drops.clone());
    let ch = chan!(Counted, 2);
    let mut select = Select::new();
    let arm = select.send(&ch, value("sent"));
    mem::forget(select.wait());
    assert!(select.try_wait().is_none(), "it would be sent twice");
    select.refill(arm, value("kept"));
    close!(ch);
    mem::forget(select.wait());
    // It is still closed, and the value still here.
    assert_eq!(select.wait().send(arm).unwrap_err().0.0, "kept");
    assert_eq!(name(ch.recv()), Some("sent"));
    drop(select);
    assert_eq!(drops.load(SeqCst), 2);
}

#[gochan::test]
fn se_22_a_forgotten_wait_goes_on_as_the_next_one() {
    let (ch, gone) = (chan!(u32), chan!(u32));
    let mut select = Select::new();
    let arm = select.recv(&ch);
    select.recv(&gone);
    for value in 0..10 {
        let mut wait = Box::pin(select.wait_async());
        assert!(poll(&mut wait).is_pending());
        mem::forget(wait);
        if value % 2 == 0 {
            // Its place in the queue is kept.
            assert_eq!(ch.try_send(value), Ok(()));
            assert_eq!(select.wait().recv(arm), Some(value));
        } else {
            assert!(select.try_wait().is_none());
            assert!(ch.try_send(value).is_err(), "it is still queued");
        }
    }
}

#[gochan::test]
fn se_22_a_forgotten_set_that_waits_swallows_what_comes_and_harms_nobody() {
    let drops = Arc::new(AtomicUsize::new(0));
    let ch = chan!(Counted);
    let out = chan!(Counted);
    let mut select = Select::new();
    select.recv(&ch);
    select.send(&out, Counted("offered", drops.clone()));
    let mut wait = Box::pin(select.wait_async());
    assert!(poll(&mut wait).is_pending());
    mem::forget(wait);
    mem::forget(select);
    assert_eq!(name(out.recv()), Some("offered"));
    // The set has made its choice: it takes nothing any more.
    assert!(ch.try_send(Counted("not taken", drops.clone())).is_err());
    assert_eq!(drops.load(SeqCst), 2);
    let mut select = Select::new();
    select.recv(&ch);
    let mut wait = Box::pin(select.wait_async());
    assert!(poll(&mut wait).is_pending());
    mem::forget(wait);
    mem::forget(select);
    ch.try_send(Counted("swallowed", drops.clone())).unwrap();
    assert!(ch.try_send(Counted("not taken", drops.clone())).is_err());
    drop((ch, out));
    assert_eq!(drops.load(SeqCst), 3);
}

#[gochan::test]
fn ch_23_a_forgotten_future_that_waits_completes_one_operation() {
    let drops = Arc::new(AtomicUsize::new(0));
    let value = |name| Counted(name, drops.clone());
    let ch = chan!(Counted);
    let mut receiving = Box::pin(ch.recv_async());
    assert!(poll(&mut receiving).is_pending());
    mem::forget(receiving);
    ch.try_send(value("swallowed")).unwrap();
    assert!(ch.try_send(value("not taken")).is_err());
    let mut sending = Box::pin(ch.send_async(value("offered")));
    assert!(poll(&mut sending).is_pending());
    mem::forget(sending);
    assert_eq!(name(ch.try_recv().ok()), Some("offered"));
    assert!(matches!(ch.try_recv(), Err(TryRecvError::Empty)));
    // Two that wait when the channel goes.
    let (tx, rx) = chan!(Counted).split();
    let mut receiving = Box::pin(rx.recv_async());
    assert!(poll(&mut receiving).is_pending());
    mem::forget(receiving);
    drop(tx);
    assert!(rx.recv().is_none());
    let mut receiving = Box::pin(ch.recv_async());
    assert!(poll(&mut receiving).is_pending());
    mem::forget(receiving);
    drop(ch);
    assert_eq!(drops.load(SeqCst), 2, "the one that was swallowed is lost");
}

#[gochan::test]
fn ch_23_a_forgotten_iterator_or_operation_that_has_not_begun_leaves_nothing() {
    let ch = chan!(u32, 2);
    send!(ch <- 1);
    mem::forget(ch.recv_async());
    let mut iter = ch.clone().into_iter();
    assert_eq!(iter.next(), Some(1));
    mem::forget(iter);
    mem::forget(ch.send_async(3));
    assert!(ch.is_empty());
    send!(ch <- 2);
    assert_eq!(recv!(ch), 2);
}

#[test]
fn mu_01_a_forgotten_guard_keeps_its_lock() {
    let mutex = Mutex::new(1);
    mem::forget(mutex.lock());
    assert!(mutex.try_lock().is_none());
    assert_eq!(mutex.into_inner(), 1);
    let lock = RwLock::new(1);
    mem::forget(lock.read());
    assert!(lock.try_write().is_none() && lock.try_read().is_some());
    assert_eq!(lock.into_inner(), 1);
    let lock = RwLock::new(1);
    mem::forget(lock.write());
    assert!(lock.try_read().is_none());
}

#[test]
fn sm_02_a_forgotten_permit_or_lease_is_gone() {
    let semaphore = Semaphore::new(2);
    mem::forget(semaphore.permit(&background(), 1).unwrap());
    assert!(!semaphore.try_acquire(2) && semaphore.try_acquire(1));
    let made = AtomicUsize::new(0);
    let pool = Pool::new(|| made.fetch_add(1, SeqCst));
    mem::forget(pool.lease());
    assert_eq!(*pool.lease(), 1);
}

#[gochan::test]
fn cx_12_a_forgotten_handle_never_cancels_but_what_is_above_does() {
    let (above, cancel) = background().with_cancel();
    let (ctx, forgotten) = above.with_timeout(Duration::from_secs(1_000));
    mem::forget(forgotten);
    let ran = chan!((), 1);
    mem::forget(ctx.after_func({
        let ran = ran.clone();
        move || send!(ran <- ())
    }));
    assert!(ctx.err().is_none());
    drop(cancel);
    assert!(ctx.err().is_some());
    assert_eq!(ran.recv(), Some(()));
}

#[gochan::test]
fn go_22_a_forgotten_join_handle_detaches_and_a_scope_waits_all_the_same() {
    let ch = chan!(u32);
    mem::forget(go!([ch] { send!(ch <- 1) }));
    assert_eq!(recv!(ch), 1);
    let sum = AtomicUsize::new(0);
    scope(|s| {
        for n in 1..=3 {
            let sum = &sum;
            mem::forget(s.go(move || {
                until(|| sum.load(SeqCst) == n * (n - 1) / 2);
                sum.fetch_add(n, SeqCst);
            }));
        }
    });
    assert_eq!(sum.load(SeqCst), 6);
}
