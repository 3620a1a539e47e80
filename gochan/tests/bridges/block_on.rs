//! `block_on`: a goroutine, or a thread, waits for a future.

use crate::common::process::scenarios;
use crate::common::{Ledger, is_waiting, panic_of, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, WaitReason};
use gochan::{block_on, sync, time};
use std::cell::Cell;
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, Waker};
use std::thread;
use std::time::Duration;

scenarios!(nothing_can_wake_it, a_thread_can_wake_it, a_context_can_wake_it);

/// An event that some future waits for, and all the wakers that it was polled with.
#[derive(Clone, Default)]
struct Event(Arc<(AtomicBool, Mutex<Vec<Waker>>)>);

impl Event {
    fn wakers(&self) -> Vec<Waker> {
        self.0.1.lock().unwrap().clone()
    }

    fn happen(&self) {
        self.0.0.store(true, SeqCst);
        self.wakers().iter().for_each(Waker::wake_by_ref);
    }
}

impl Future for Event {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        self.0.1.lock().unwrap().push(task.waker().clone());
        if self.0.0.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Pending once, and woken before it says so.
async fn yields() {
    let mut polled = false;
    poll_fn(|task| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        let waker = task.waker().clone();
        waker.wake();
        Poll::Pending
    })
    .await;
}

#[gochan::test(virtual_time)]
fn io_12_a_wait_for_a_future_leaves_the_worker_to_others() {
    let ch = chan!(u32);
    let waiter = go!([ch] { block_on(ch.recv_async()) });
    let sender = go!([ch] {
        time::sleep(Duration::from_millis(50));
        send!(ch <- 7);
    });
    assert_eq!(waiter.join().unwrap(), Some(7));
    sender.join().unwrap();
}

#[gochan::test]
fn io_12_the_wait_is_named_in_dumps() {
    let event = Event::default();
    let waiter = go!([event] { block_on(event) });
    until_waiting(&waiter);
    let seen = runtime::goroutines().into_iter().find(|seen| seen.id == waiter.id()).unwrap();
    assert_eq!(seen.state, runtime::State::Waiting(WaitReason::BlockOn));
    assert!(seen.to_string().contains("block_on"), "{seen}");
    event.happen();
    waiter.join().unwrap();
}

#[test]
fn io_12_a_plain_thread_waits_as_well() {
    let _watchdog = watchdog();
    let event = Event::default();
    let thread = thread::spawn({
        let event = event.clone();
        move || {
            until(|| !event.wakers().is_empty());
            event.happen();
        }
    });
    block_on(event);
    thread.join().unwrap();
    assert_eq!(block_on(ready(1)), 1);
    let answer = chan!(u32);
    go!([answer] { send!(answer <- 2) });
    assert_eq!(block_on(answer.recv_async()), Some(2));
}

#[gochan::test]
fn io_12_any_thread_may_wake_at_any_time() {
    for _ in 0..200 {
        let event = Event::default();
        let waiter = go!([event] { block_on(event) });
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let event = event.clone();
                thread::spawn(move || event.happen())
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        waiter.join().unwrap();
    }
}

#[gochan::test]
fn io_12_a_wake_without_reason_is_followed_by_a_poll() {
    let (event, polls) = (Event::default(), Arc::new(AtomicUsize::new(0)));
    let waiter = go!([event, polls] {
        let mut event = pin!(event);
        block_on(poll_fn(|task| {
            polls.fetch_add(1, SeqCst);
            event.as_mut().poll(task)
        }));
    });
    for wakes in 1..=100 {
        until(|| polls.load(SeqCst) == wakes && is_waiting(&waiter));
        event.wakers()[0].wake_by_ref();
        until(|| polls.load(SeqCst) == wakes + 1);
    }
    event.happen();
    waiter.join().unwrap();
}

#[gochan::test(virtual_time)]
fn io_12_a_future_that_wakes_itself_lets_others_run() {
    let seen = Arc::new(AtomicBool::new(false));
    let spinner = go!([seen] {
        block_on(async {
            while !seen.load(SeqCst) {
                yields().await;
            }
        });
    });
    go!([seen] seen.store(true, SeqCst)).join().unwrap();
    spinner.join().unwrap();
}

#[gochan::test]
fn io_12_waits_for_futures_nest() {
    let (inner, outer) = (chan!(u32), chan!(u32));
    let waiter = go!([inner, outer] {
        block_on(async {
            let first = block_on(inner.recv_async());
            yields().await;
            let second = block_on(async { block_on(inner.recv_async()) });
            (first, second, outer.recv_async().await)
        })
    });
    for number in 1..=2 {
        until_waiting(&waiter);
        send!(inner <- number);
    }
    until_waiting(&waiter);
    send!(outer <- 3);
    assert_eq!(waiter.join().unwrap(), (Some(1), Some(2), Some(3)));
}

#[gochan::test]
fn io_12_a_panic_of_the_future_is_the_caller_s() {
    let (event, ledger) = (Event::default(), Ledger::default());
    let waiter = go!([event, ledger] {
        let value = ledger.value(1);
        panic_of(|| {
            block_on(async {
                event.await;
                let _value = value;
                panic!("no luck");
            });
        })
    });
    until_waiting(&waiter);
    event.happen();
    assert_eq!(waiter.join().unwrap(), "no luck");
    ledger.balances();
    // The call is over.
    event.happen();
}

#[gochan::test]
fn io_12_a_late_wake_wakes_nothing() {
    let (event, next) = (Event::default(), chan!(u32));
    event.happen();
    let waiter = go!([event, next] {
        block_on(event);
        recv!(next)
    });
    until(|| is_waiting(&waiter));
    let (wakers, thread) = (event.wakers(), event.clone());
    thread::spawn(move || (0..1000).for_each(|_| thread.happen())).join().unwrap();
    assert!(is_waiting(&waiter));
    send!(next <- 5);
    assert_eq!(waiter.join().unwrap(), 5);
    // The goroutine, and perhaps its stack, is gone.
    wakers.into_iter().for_each(Waker::wake);
}

#[gochan::test]
fn io_12_wakers_may_be_forgotten() {
    let event = Event::default();
    let waiter = go!([event] {
        let mut event = pin!(event);
        block_on(poll_fn(|task| {
            std::mem::forget(task.waker().clone());
            event.as_mut().poll(task)
        }));
    });
    until_waiting(&waiter);
    event.happen();
    waiter.join().unwrap();
}

#[gochan::test]
fn io_12_the_future_stays_here_and_is_dropped_before_the_return() {
    struct Dropped<'a>(&'a Cell<bool>);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let (dropped, local) = (Cell::new(false), Rc::new(3));
    let ch = chan!(u32, 1);
    let output = block_on(async {
        let _dropped = Dropped(&dropped);
        let local = local.clone();
        yields().await;
        ch.send_async(1).await.unwrap();
        *local
    });
    assert_eq!((output, dropped.get(), Rc::strong_count(&local)), (3, true, 1));
}

#[gochan::test]
fn io_12_a_wait_while_a_panic_unwinds_stays_in_place() {
    struct WaitsAtItsEnd(Event);
    impl Drop for WaitsAtItsEnd {
        fn drop(&mut self) {
            block_on(self.0.clone());
        }
    }
    let event = Event::default();
    let waiter = go!([event] {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _at_the_end = WaitsAtItsEnd(event);
            panic!("unwinds");
        }));
        assert!(unwound.is_err());
    });
    // The worker may be the only one, so the wake comes from elsewhere.
    let thread = thread::spawn(move || {
        until(|| !event.wakers().is_empty());
        event.happen();
    });
    waiter.join().unwrap();
    thread.join().unwrap();
}

#[gochan::test(explore = "all")]
fn io_12_every_interleaving_of_a_future_and_its_sender() {
    let ch = chan!(u32);
    let lock = sync::Mutex::new(());
    let sender = go!([ch] { ch.send(1) });
    drop(lock.lock());
    assert_eq!(block_on(ch.recv_async()), Some(1));
    sender.join().unwrap().unwrap();
}

#[gochan::test(explore = 200)]
fn io_12_interleavings_of_two_tasks() {
    let (there, back) = (chan!(u32), chan!(u32, 1));
    let echo = go!([there, back] {
        block_on(async {
            while let Some(number) = there.recv_async().await {
                yields().await;
                back.send_async(number + 1).await.unwrap();
            }
        });
    });
    for number in 0..3 {
        block_on(there.send_async(number)).unwrap();
        assert_eq!(recv!(back), number + 1);
    }
    close!(there);
    echo.join().unwrap();
}

#[gochan::test(virtual_time, timeout = "10s")]
#[should_panic(expected = "waits in block_on")]
fn io_12_a_future_that_nothing_wakes_fails_its_test() {
    block_on(pending::<()>());
}

#[gochan::main]
fn nothing_can_wake_it() {
    let ch = chan!(u32);
    let waiter = go!([ch] { block_on(ch.recv_async()) });
    waiter.join().unwrap();
}

#[test]
fn io_12_a_deadlock_of_futures_is_reported() {
    let outcome = scenario("nothing_can_wake_it").run();
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    outcome.fails_saying(&["all goroutines are asleep - deadlock!", "[block_on", file!()]);
}

#[gochan::main]
fn a_thread_can_wake_it() {
    let event = Event::default();
    thread::spawn({
        let event = event.clone();
        move || {
            // Longer than a deadlock takes to be reported.
            thread::sleep(Duration::from_millis(300));
            event.happen();
        }
    });
    block_on(event);
    println!("woken");
}

#[test]
fn io_12_a_thread_with_a_waker_is_no_deadlock() {
    scenario("a_thread_can_wake_it").run().prints("woken\n");
}

#[gochan::main]
fn a_context_can_wake_it() {
    let (ctx, _cancel) = background().with_timeout(Duration::from_millis(300));
    println!("{:?}", block_on(ctx.done().recv_async()));
}

#[test]
fn io_12_a_deadline_with_a_waker_is_no_deadlock() {
    scenario("a_context_can_wake_it").run().prints("None\n");
}
