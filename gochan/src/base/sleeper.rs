//! How a thread of the runtime falls asleep without missing what other threads hand it: a worker, the monitor, the
//! alarm service.
//!
//! A thread that hands something over pushes first and then checks the flag; the worker sets the flag first and then
//! checks its inboxes. Both orders are sequentially consistent, so at least one of the two sees the other. The flag is
//! cleared by an exchange, so of several threads that push only one pays for the wake.

use crate::shim::{
    self,
    atomic::{AtomicBool, Ordering::*, fence},
};
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

#[derive(Debug)]
pub(crate) struct Sleeper {
    asleep: AtomicBool,
    thread: OnceLock<shim::Thread>,
    /// What wakes the thread, once it sleeps in a poller.
    #[cfg(unix)]
    waker: OnceLock<mio::Waker>,
    wakes: AtomicU64,
}

impl Sleeper {
    pub(crate) fn new() -> Sleeper {
        Sleeper {
            asleep: AtomicBool::new(false),
            thread: OnceLock::new(),
            #[cfg(unix)]
            waker: OnceLock::new(),
            wakes: AtomicU64::new(0),
        }
    }

    /// Registers the calling thread as the one that sleeps here.
    pub(crate) fn adopt_thread(&self) {
        let _ = self.thread.set(shim::current());
    }

    /// From now on the thread, which is the caller's, sleeps in the poller of `waker`.
    #[cfg(unix)]
    pub(crate) fn sleep_in_poller(&self, waker: mio::Waker) {
        let _ = self.waker.set(waker);
    }

    /// Must be followed by a last check of the inboxes, and then `park` or `get_up`.
    pub(crate) fn lie_down(&self) {
        self.asleep.store(true, SeqCst);
        fence(SeqCst);
    }

    pub(crate) fn get_up(&self) {
        self.asleep.store(false, Relaxed);
    }

    /// False once another thread has woken the sleeper.
    pub(crate) fn is_asleep(&self) -> bool {
        self.asleep.load(Acquire)
    }

    /// Called after a push that is itself sequentially consistent, or is followed by such a fence.
    #[inline]
    pub(crate) fn wake(&self) {
        if self.asleep.load(SeqCst)
            && self.asleep.swap(false, AcqRel)
            && let Some(thread) = self.thread.get()
        {
            self.wakes.fetch_add(1, Relaxed);
            #[cfg(unix)]
            if let Some(waker) = self.waker.get() {
                // An error could only be that the poller is gone, and its thread with it.
                drop(waker.wake());
                return;
            }
            thread.unpark();
        }
    }

    /// How often the sleeper was woken while it slept.
    pub(crate) fn wakes(&self) -> u64 {
        self.wakes.load(Relaxed)
    }
}

#[cfg(all(test, gochan_model))]
mod model {
    use super::*;
    use crate::base::inbox::{Inbox, Link, Linked};
    use crate::base::queue::RunQueue;
    use std::cell::Cell;
    use std::sync::Arc;

    struct Item(Cell<Link<Item>>, usize);

    // SAFETY: as for goroutines, the link belongs to the queue the item is on.
    unsafe impl Sync for Item {}

    impl Linked for Item {
        fn link(&self) -> &Cell<Link<Item>> {
            &self.0
        }
    }

    fn item(number: usize) -> &'static Item {
        Box::leak(Box::new(Item(Cell::new(Link::NONE), number)))
    }

    /// Three threads push, one of them in a batch, and one worker drains and sleeps; a lost wake-up would end in a
    /// deadlock, which shuttle reports.
    fn pushers_and_a_sleeper() {
        const PUSHERS: usize = 3;
        const EACH: usize = 2;
        let shared = Arc::new((Sleeper::new(), Inbox::<Item>::new()));
        let pushers: Vec<_> = (0..PUSHERS)
            .map(|pusher| {
                let shared = shared.clone();
                shuttle::thread::spawn(move || {
                    let mut items = (0..EACH).map(|step| item(pusher * EACH + step));
                    if pusher == 0 {
                        shared.1.push_many(items.collect());
                        shared.0.wake();
                    } else {
                        items.by_ref().for_each(|item| {
                            shared.1.push(item);
                            shared.0.wake();
                        });
                    }
                })
            })
            .collect();
        let (sleeper, inbox) = &*shared;
        sleeper.adopt_thread();
        let ready = RunQueue::new();
        let mut last = [None; PUSHERS];
        let mut seen = 0;
        while seen < PUSHERS * EACH {
            inbox.drain(|item| ready.push(item), |items| items.into_iter().for_each(|item| ready.push(item)));
            while let Some(item) = ready.pop() {
                let (pusher, step) = (item.1 / EACH, item.1 % EACH);
                assert!(last[pusher].is_none_or(|last| last < step), "one pusher's items arrive in order");
                last[pusher] = Some(step);
                seen += 1;
            }
            if seen == PUSHERS * EACH {
                break;
            }
            sleeper.lie_down();
            while inbox.is_empty_seqcst() && sleeper.is_asleep() {
                shim::park();
            }
            sleeper.get_up();
        }
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
    }

    #[test]
    fn no_push_is_slept_through_at_random() {
        shuttle::check_random(pushers_and_a_sleeper, 20_000);
    }

    #[test]
    fn no_push_is_slept_through_under_rare_schedules() {
        shuttle::check_pct(pushers_and_a_sleeper, 20_000, 3);
    }
}
