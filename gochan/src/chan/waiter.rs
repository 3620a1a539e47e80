//! Waiting operations and the queues they wait in.
//!
//! A [`Waiter`] lives on the stack of the goroutine or thread that waits, or inside a pinned future. While it is
//! queued it belongs to the channel's lock. Whoever takes it off the queue, under the lock, completes it: moves the
//! value, sets the outcome and takes the owner; and wakes the owner once the lock is free. A goroutine or thread does
//! not move on before that wake, so its waiter stays valid until then; a future may be gone once the lock is free.

use crate::sched::park::Owner;
use std::ptr;

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Still queued, or never was.
    Pending,
    /// The value has moved.
    Done,
    /// The channel was closed, or the other side has gone; a sender still has its value.
    Closed,
    /// The waiter has withdrawn because its deadline has passed.
    TimedOut,
}

/// One operation that waits. Kept within a cache line: whoever serves it on another core pays per line.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Waiter {
    next: *mut Waiter,
    prev: *mut Waiter,
    /// Where a receiver wants the value, or a sender has it.
    pub(super) slot: *mut (),
    owner: Option<Owner>,
    /// The worker that the owner lives on, if it lives on one.
    home: u32,
    overtaken: u8,
    queued: bool,
    pub(super) outcome: Outcome,
}

/// Not on any worker.
pub(super) const NOWHERE: u32 = u32::MAX;

impl Waiter {
    #[inline]
    pub(super) fn new(slot: *mut (), owner: Option<Owner>) -> Waiter {
        let home = home_of(owner.as_ref());
        Waiter {
            next: ptr::null_mut(),
            prev: ptr::null_mut(),
            slot,
            owner,
            home,
            overtaken: 0,
            queued: false,
            outcome: Outcome::Pending,
        }
    }

    pub(super) fn is_queued(&self) -> bool {
        self.queued
    }

    /// Replaces the owner of a waiter that is still, or not yet, queued.
    pub(super) fn set_owner(&mut self, owner: Owner) {
        self.home = home_of(Some(&owner));
        self.owner = Some(owner);
    }

    /// Completes a waiter that has just been taken off its queue.
    #[inline]
    pub(super) fn complete(&mut self, outcome: Outcome) -> Completed {
        debug_assert!(!self.queued && self.outcome == Outcome::Pending);
        self.outcome = outcome;
        Completed { owner: self.owner.take().expect("a queued waiter has an owner"), home: self.home }
    }
}

/// The owner of a completed waiter, to be woken when the lock is free.
#[derive(Debug)]
#[must_use = "it sleeps until it is woken"]
pub(super) struct Completed {
    owner: Owner,
    home: u32,
}

impl Completed {
    #[inline]
    pub(super) fn wake(self) {
        self.owner.wake_at(self.home);
    }
}

#[inline]
fn home_of(owner: Option<&Owner>) -> u32 {
    owner.and_then(Owner::home).map_or(NOWHERE, |home| home as u32)
}

/// A FIFO of waiters. Leaving it from anywhere takes constant time.
#[derive(Debug)]
pub(super) struct WaitQueue {
    head: *mut Waiter,
    tail: *mut Waiter,
}

/// How often a waiter may be passed over for one that lives on the worker of whoever serves the queue.
const MAX_OVERTAKEN: u8 = 32;
/// How far into the queue to look for such a one.
const LOOK_AHEAD: usize = 8;

impl WaitQueue {
    pub(super) const fn new() -> WaitQueue {
        WaitQueue { head: ptr::null_mut(), tail: ptr::null_mut() }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// # Safety
    /// `waiter` is not queued and stays valid until it is taken off the queue and, if somebody else does that,
    /// until its owner is woken. The channel's lock is held, as for all methods.
    #[inline]
    pub(super) unsafe fn push(&mut self, waiter: *mut Waiter) {
        // SAFETY: the caller's promise, and that of earlier callers for `tail`.
        unsafe {
            (*waiter).next = ptr::null_mut();
            (*waiter).prev = self.tail;
            (*waiter).queued = true;
            if self.tail.is_null() {
                self.head = waiter;
            } else {
                (*self.tail).next = waiter;
            }
        }
        self.tail = waiter;
    }

    /// Takes the waiter to serve off the queue: the first, or one of `home` shortly behind it. A waiter served from
    /// its own worker costs no trip to another core; the bound keeps that fair.
    #[inline]
    pub(super) fn pop(&mut self, home: u32) -> Option<&mut Waiter> {
        if self.head.is_null() {
            return None;
        }
        let mut chosen = self.head;
        // SAFETY: queued waiters are valid.
        unsafe {
            if home != NOWHERE && (*chosen).home != home {
                chosen = self.local_or_first(home);
            }
            self.unlink(chosen);
            Some(&mut *chosen)
        }
    }

    #[cold]
    fn local_or_first(&mut self, home: u32) -> *mut Waiter {
        let mut waiter = self.head;
        for _ in 0..LOOK_AHEAD {
            // SAFETY: queued waiters are valid.
            unsafe {
                if waiter.is_null() || (*waiter).home == NOWHERE || (*waiter).overtaken >= MAX_OVERTAKEN {
                    break;
                }
                if (*waiter).home == home {
                    let mut passed = self.head;
                    while passed != waiter {
                        (*passed).overtaken += 1;
                        passed = (*passed).next;
                    }
                    return waiter;
                }
                waiter = (*waiter).next;
            }
        }
        self.head
    }

    /// Takes `waiter`, which must be on this queue, off it.
    ///
    /// # Safety
    /// `waiter` is valid.
    #[inline]
    pub(super) unsafe fn unlink(&mut self, waiter: *mut Waiter) {
        // SAFETY: the caller's promise; neighbours are queued, hence valid.
        unsafe {
            debug_assert!((*waiter).queued);
            let (prev, next) = ((*waiter).prev, (*waiter).next);
            if prev.is_null() {
                self.head = next;
            } else {
                (*prev).next = next;
            }
            if next.is_null() {
                self.tail = prev;
            } else {
                (*next).prev = prev;
            }
            (*waiter).queued = false;
        }
    }

    /// Ends the wait of everybody on the queue with `outcome`, to be woken when the lock is free.
    ///
    /// One pass: with many waiters each step is a cache miss, and a future may be gone once the lock is free.
    pub(super) fn end_all(&mut self, outcome: Outcome) -> Ended {
        let mut waiter = std::mem::replace(self, WaitQueue::new()).head;
        let mut ended = Vec::new();
        while !waiter.is_null() {
            // SAFETY: queued waiters are valid, and the lock is held.
            unsafe {
                let next = (*waiter).next;
                (*waiter).queued = false;
                ended.push((*waiter).complete(outcome));
                waiter = next;
            }
        }
        Ended(ended)
    }
}

/// Waiters that have been taken off their queue and not yet been woken, in order.
#[must_use = "they sleep until they are woken"]
pub(super) struct Ended(Vec<Completed>);

impl Ended {
    pub(super) fn wake_all(self) {
        self.0.into_iter().for_each(Completed::wake);
    }
}
