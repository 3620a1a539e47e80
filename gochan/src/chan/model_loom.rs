//! The lock, the handles, hand-overs and selects, in weak memory.

use super::{Chan, Receiver, Sender};
use crate::base::spin::SpinLock;
use crate::shim::{UnsafeCell, check};
use crate::{Select, Selected};
use loom::thread;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A timeout that strikes when the model lets it, and never by the clock.
const LONG: Duration = Duration::from_secs(1 << 20);

/// A value whose accesses loom watches, and whose drops are counted.
struct Value {
    number: UnsafeCell<u32>,
    drops: Arc<AtomicUsize>,
}

impl Value {
    fn new(number: u32, drops: &Arc<AtomicUsize>) -> Box<Value> {
        // Boxed: channels move values as bytes, and loom's cell is what was there when it was made.
        Box::new(Value { number: UnsafeCell::new(number), drops: drops.clone() })
    }

    fn get(&self) -> u32 {
        // SAFETY: that nobody writes meanwhile is what the models check.
        self.number.with(|number| unsafe { *number })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.number.with_mut(|_| ());
        self.drops.fetch_add(1, Relaxed);
    }
}

#[test]
fn the_lock_excludes_and_publishes() {
    check(3, || {
        let lock = Arc::new(SpinLock::new(0));
        let threads = [(); 2].map(|()| {
            let lock = lock.clone();
            thread::spawn(move || *lock.lock() += 1)
        });
        *lock.lock() += 1;
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*lock.lock(), 3);
    });
}

/// Drops each handle on a thread of its own, and the last one here. Memory that leaks, or is used after it was freed,
/// is loom's to find.
fn drop_beside_each_other(
    handles: impl Fn(Chan<Box<Value>>) -> Vec<Box<dyn FnOnce()>> + Send + Sync + 'static,
) {
    check(3, move || {
        let drops = Arc::new(AtomicUsize::new(0));
        let ch = Chan::with_capacity(1);
        assert!(ch.try_send(Value::new(1, &drops)).is_ok());
        let mut handles = handles(ch);
        let here = handles.pop().unwrap();
        let threads: Vec<_> = handles.into_iter().map(thread::spawn).collect();
        here();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(drops.load(Relaxed), 1);
    });
}

fn dropping<H: 'static>(handle: H) -> Box<dyn FnOnce()> {
    Box::new(move || drop(handle))
}

/// Looks at the channel before it goes.
fn sending(sender: Sender<Box<Value>>) -> Box<dyn FnOnce()> {
    Box::new(move || assert!(sender.len() <= 1))
}

fn receiving(receiver: Receiver<Box<Value>>) -> Box<dyn FnOnce()> {
    Box::new(move || drop(receiver.try_recv()))
}

#[test]
fn a_sender_and_a_receiver_go() {
    drop_beside_each_other(|ch| {
        let (sender, receiver) = ch.split();
        vec![sending(sender), dropping(receiver)]
    });
}

#[test]
fn a_sender_and_a_receiver_that_takes_the_value_go() {
    drop_beside_each_other(|ch| {
        let (sender, receiver) = ch.split();
        vec![dropping(sender), receiving(receiver)]
    });
}

#[test]
fn two_senders_and_a_receiver_go() {
    drop_beside_each_other(|ch| {
        let (sender, receiver) = ch.split();
        vec![sending(sender.clone()), sending(sender), dropping(receiver)]
    });
}

#[test]
fn two_handles_on_both_sides_go() {
    drop_beside_each_other(|ch| vec![dropping(ch.clone()), dropping(ch)]);
}

#[test]
fn a_handle_on_both_sides_and_one_on_each_go() {
    drop_beside_each_other(|ch| {
        let (sender, receiver) = (ch.sender(), ch.receiver());
        vec![dropping(ch), sending(sender), dropping(receiver)]
    });
}

#[test]
fn a_handle_is_cloned_while_others_go() {
    drop_beside_each_other(|ch| {
        let (sender, receiver) = ch.split();
        vec![Box::new(move || drop((sender.clone(), sender))), dropping(receiver)]
    });
}

fn hand_over(capacity: usize) {
    check(3, move || {
        let drops = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = Chan::with_capacity(capacity).split();
        let thread = {
            let drops = drops.clone();
            thread::spawn(move || sender.send(Value::new(7, &drops)).unwrap())
        };
        assert_eq!(receiver.recv().unwrap().get(), 7);
        thread.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}

#[test]
fn a_value_is_handed_over() {
    hand_over(0);
}

#[test]
fn a_buffered_value_is_handed_over() {
    hand_over(1);
}

/// The parker of a wait that was given up serves the next one.
#[test]
fn a_receive_that_gives_up_leaves_the_value_for_the_next() {
    check(3, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = Chan::new().split();
        let thread = {
            let drops = drops.clone();
            thread::spawn(move || sender.send(Value::new(7, &drops)).unwrap())
        };
        let value = receiver.recv_timeout(LONG).ok().or_else(|| receiver.recv());
        assert_eq!(value.unwrap().get(), 7);
        thread.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}

enum How {
    Wait,
    WaitUntil,
    /// As an async task that gives up after one poll, and then waits after all.
    Poll,
}

/// Two threads offer a value each to a select, which takes one of them; the other one is received.
fn choose_between_two(how: How) {
    check(3, move || {
        let drops = Arc::new(AtomicUsize::new(0));
        let mut channels = [Chan::new(), Chan::new()];
        // The select locks them in the order of their addresses, which is to be the same in every run.
        channels.sort_by_key(|ch| format!("{ch:?}"));
        let (senders, sources): (Vec<_>, Vec<_>) = channels.into_iter().map(Chan::split).unzip();
        let senders: Vec<_> = (0..)
            .zip(senders)
            .map(|(index, sender)| {
                let drops = drops.clone();
                thread::spawn(move || sender.send(Value::new(index, &drops)).unwrap())
            })
            .collect();
        let mut select = Select::new().biased();
        let arms: Vec<_> = sources.iter().map(|source| select.recv(source)).collect();
        let take = |chosen: Selected<'_, '_>| {
            let index = chosen.index();
            assert_eq!(chosen.recv(arms[index]).unwrap().get(), index as u32);
            index
        };
        let chosen = match how {
            How::Wait => Some(take(select.wait())),
            How::WaitUntil => select.wait_timeout(LONG).map(take),
            How::Poll => match pin!(select.wait_async()).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(chosen) => Some(take(chosen)),
                Poll::Pending => None,
            },
        };
        let chosen = chosen.unwrap_or_else(|| take(select.wait()));
        drop(select);
        let other = 1 - chosen;
        assert_eq!(sources[other].recv().unwrap().get(), other as u32);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        assert_eq!(drops.load(Relaxed), 2);
    });
}

#[test]
fn a_select_is_claimed_once() {
    choose_between_two(How::Wait);
}

#[test]
fn a_select_gives_up_at_a_time_or_is_claimed() {
    choose_between_two(How::WaitUntil);
}

#[test]
fn a_select_gives_up_early_or_is_claimed() {
    choose_between_two(How::Poll);
}
