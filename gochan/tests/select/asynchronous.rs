//! Row SE-21: selecting from OS threads and async tasks, which may be polled at any moment, woken or not, and dropped.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use crate::common::{Ledger, Tracked, nobody_waits_at, seeded, watchdog};
use gochan::prelude::*;
use gochan::{Select, runtime};

/// Senders meet a select that is queued, leaves and queues again all the time: each value is received once. Under
/// ThreadSanitizer this also shows whether a poll looks at what a sender is still writing.
#[test]
fn se_21_a_task_that_is_polled_for_no_reason_loses_nothing() {
    let _watchdog = watchdog();
    const EACH: u64 = 20_000;
    let ledger = Ledger::default();
    let sources = [Chan::<Tracked>::new(), Chan::new()];
    let senders: Vec<_> = sources
        .iter()
        .map(|source| {
            let (source, ledger) = (source.sender(), ledger.clone());
            thread::spawn(move || (0..EACH).for_each(|n| source.send(ledger.value(n)).unwrap()))
        })
        .collect();
    let mut select = Select::new();
    let arms = [select.recv(&sources[0]), select.recv(&sources[1])];
    let mut expected = [0; 2];
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..2 * EACH {
        let mut wait = pin!(select.wait_async());
        let ready = loop {
            match wait.as_mut().poll(&mut context) {
                Poll::Ready(ready) => break ready,
                Poll::Pending => std::hint::spin_loop(),
            }
        };
        let index = ready.index();
        let value = ready.recv(arms[index]).expect("nobody closes");
        assert_eq!(value.number, expected[index], "in order and once");
        expected[index] += 1;
    }
    drop(select);
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    ledger.balances();
}

#[test]
fn se_21_threads_select() {
    const VALUES: u32 = 2000;
    let _watchdog = watchdog();
    let (a, b, quit) = (chan!(u32), chan!(u32, 4), chan!(()));
    let threads = [(); 3].map(|()| {
        let (a, b, quit) = (a.clone(), b.clone(), quit.clone());
        thread::spawn(move || {
            let mut sum = 0;
            loop {
                select! {
                    v = <-a => sum += v,
                    v = <-b => sum += v,
                    <-quit => return sum,
                }
            }
        })
    });
    let senders = [&a, &b].map(|ch| go!([ch] { (1..=VALUES).for_each(|number| send!(ch <- number)) }));
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    crate::common::until(|| b.is_empty());
    close!(quit);
    assert_eq!(threads.map(|thread| thread.join().unwrap()).iter().sum::<u32>(), VALUES * (VALUES + 1));
}

#[test]
fn se_21_tasks_select() {
    let _watchdog = watchdog();
    let (a, b, sums) = (chan!(u32), chan!(u32), chan!(u32));
    let task = thread::spawn({
        let (a, b, sums) = (a.clone(), b.clone(), sums.clone());
        move || {
            pollster::block_on(async {
                let (mut open, mut sum) = (2, 0);
                let mut select = Select::new();
                let (from_a, from_b) = (select.recv(&a), select.recv(&b));
                while open > 0 {
                    let selected = select.wait_async().await;
                    let from = if selected.index() == 0 { from_a } else { from_b };
                    match selected.recv(from) {
                        Some(number) => sum += number,
                        None => {
                            select.remove(from.index());
                            open -= 1;
                        }
                    }
                }
                let mut select = Select::new();
                let to = select.send(&sums, sum);
                assert_eq!(select.wait_async().await.send(to), Ok(()));
            });
        }
    });
    go!([a] {
        (1..=100).for_each(|number| send!(a <- number));
        close!(a);
    });
    go!([b] {
        (1..=100).for_each(|number| {
            select! {
                b <- number => {}
            }
        });
        close!(b);
    });
    assert_eq!(recv!(sums), 10_100);
    task.join().unwrap();
}

#[test]
fn se_21_two_tasks_that_face_each_other_meet() {
    const ROUNDS: u32 = 1000;
    let _watchdog = watchdog();
    let (a, b) = (chan!(u32), chan!(u32));
    let side = |to: Chan<u32>, from: Chan<u32>| {
        thread::spawn(move || {
            pollster::block_on(async {
                let mut moved = Vec::new();
                let mut select = Select::new();
                let (out, inn) = (select.send(&to, 0), select.recv(&from));
                for number in 0..ROUNDS {
                    let selected = select.wait_async().await;
                    if selected.index() == out.index() {
                        assert_eq!(selected.send(out), Ok(()));
                        moved.push(None);
                        select.refill(out, number + 1);
                    } else {
                        moved.push(selected.recv(inn));
                    }
                }
                moved
            })
        })
    };
    let sides = [side(a.clone(), b.clone()), side(b.clone(), a.clone())].map(|side| side.join().unwrap());
    let [one, two] = sides;
    assert!(one.iter().zip(&two).all(|(one, two)| one.is_some() != two.is_some()));
    nobody_waits_at(&a);
    nobody_waits_at(&b);
}

#[gochan::test]
fn se_21_an_unfinished_wait_of_a_task_that_is_dropped_loses_nothing() {
    let (a, b) = (chan!(u32), chan!(String));
    let mut select = Select::new();
    let (from_a, to_b) = (select.recv(&a), select.send(&b, "kept".to_owned()));
    {
        let mut wait = pin!(select.wait_async());
        assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    nobody_waits_at(&a);
    nobody_waits_at(&b);
    let sender = go!([a] { send!(a <- 3) });
    let selected = select.wait();
    assert_eq!((selected.index(), selected.recv(from_a)), (0, Some(3)));
    sender.join().unwrap();
    let receiver = go!([b] { recv!(b) });
    let selected = select.wait();
    assert_eq!((selected.index(), selected.send(to_b)), (1, Ok(())));
    assert_eq!(receiver.join().unwrap(), "kept");
}

#[gochan::test]
fn se_21_a_wait_that_is_dropped_after_it_was_served_loses_nothing() {
    const VALUES: u32 = 2000;
    let mut random = seeded();
    let (a, b) = (chan!(u32), chan!(u32));
    let sender = go!([a] {
        (0..VALUES).for_each(|number| send!(a <- number));
        close!(a);
    });
    let mut select = Select::new();
    let (from_a, _) = (select.recv(&a), select.recv(&b));
    let mut received = Vec::new();
    loop {
        let mut polls = random.u32(1..4);
        let ended = {
            let mut wait = pin!(select.wait_async());
            loop {
                match wait.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(selected) => break Some(selected.recv(from_a)),
                    Poll::Pending if polls == 0 => break None,
                    Poll::Pending => {
                        polls -= 1;
                        runtime::gosched();
                    }
                }
            }
        };
        match ended {
            Some(Some(number)) => received.push(number),
            Some(None) => break,
            None => {}
        }
    }
    sender.join().unwrap();
    received.sort_unstable();
    assert!(received.into_iter().eq(0..VALUES));
    nobody_waits_at(&b);
}

#[gochan::test]
fn se_21_a_send_that_a_dropped_wait_has_made_is_told_by_the_next_wait() {
    let ch = chan!(u32);
    let mut select = Select::new();
    let to = select.send(&ch, 1);
    {
        let mut wait = pin!(select.wait_async());
        assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(recv!(ch), 1);
    }
    // Neither is the value for the next send taken for the one that was sent, nor is it lost.
    select.refill(to, 2);
    assert_eq!(select.wait().send(to), Ok(()));
    assert!(select.try_wait().is_none());
    let receiver = go!([ch] { recv!(ch) });
    assert_eq!(select.wait().send(to), Ok(()));
    assert_eq!(receiver.join().unwrap(), 2);
    assert!(select.try_wait().is_none());
}

/// A task that has a channel's last sending handle, and ends with its last waker.
struct LastSender {
    _tx: Sender<u32>,
}

impl Wake for LastSender {
    fn wake(self: Arc<Self>) {}
}

#[gochan::test]
fn se_21_the_waker_that_another_replaces_may_use_the_channels_when_it_is_dropped() {
    let (tx, rx) = chan!(u32).split();
    let mut select = Select::new();
    let arm = select.recv(&rx);
    let mut wait = pin!(select.wait_async());
    let waker = Waker::from(Arc::new(LastSender { _tx: tx }));
    assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    let mut context = Context::from_waker(Waker::noop());
    let ready = loop {
        if let Poll::Ready(ready) = wait.as_mut().poll(&mut context) {
            break ready;
        }
    };
    assert!(rx.is_closed());
    assert_eq!(ready.recv(arm), None);
}
