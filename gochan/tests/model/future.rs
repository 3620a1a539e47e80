//! `block_on` under shuttle: no lost wake-up, and no use of a waiter that has gone on.

use gochan::{block_on, chan};
use shuttle::sync::Mutex;
use shuttle::thread;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Poll, Waker};

const RANDOM: usize = 8_000;
const PCT: usize = 8_000;

fn check(body: fn()) {
    shuttle::check_random(body, RANDOM);
    shuttle::check_pct(body, PCT, 3);
}

/// Something that happens several times, and wakes the last waker that has asked for it.
#[derive(Default)]
struct Count {
    so_far: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Count {
    fn add(&self) {
        self.so_far.fetch_add(1, SeqCst);
        let waker = self.waker.lock().unwrap().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn reaches(&self, goal: usize) {
        poll_fn(|task| {
            *self.waker.lock().unwrap() = Some(task.waker().clone());
            if self.so_far.load(SeqCst) >= goal { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

#[test]
fn two_threads_wake_and_no_wake_is_lost() {
    check(|| {
        let count = Arc::new(Count::default());
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let count = count.clone();
                thread::spawn(move || count.add())
            })
            .collect();
        block_on(count.reaches(1));
        block_on(count.reaches(2));
        // The wakers may be called after the end of the calls.
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_future_wakes_itself_beside_another_thread() {
    check(|| {
        let count = Arc::new(Count::default());
        let other = count.clone();
        let thread = thread::spawn(move || other.add());
        let mut reached = pin!(count.reaches(1));
        block_on(poll_fn(|task| {
            task.waker().wake_by_ref();
            reached.as_mut().poll(task)
        }));
        thread.join().unwrap();
    });
}

#[test]
fn futures_of_channels_meet() {
    check(|| {
        let ch = chan!(u32);
        let sender = ch.clone();
        let thread = thread::spawn(move || block_on(sender.send_async(1)));
        assert_eq!(block_on(ch.recv_async()), Some(1));
        assert_eq!(thread.join().unwrap(), Ok(()));
    });
}
