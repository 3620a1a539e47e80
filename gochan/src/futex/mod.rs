//! `Backend::Virtual`: what std and parking_lot wait on parks the goroutine instead of its worker's thread.
//!
//! Both wait by the system call `futex`, and reach it by libc's function `syscall`, which this module replaces in the
//! program. A wait of a goroutine is [`wait`], a queue in this process; a wait of any other thread stays the kernel's. A wake
//! serves the queue first, then the kernel's. All other system calls are passed on.
//!
//! # No wake is lost
//!
//! A waiter compares the word with what it expects under the lock of its queue, and is in the queue before it frees the
//! lock. A waker has changed the word before it calls. So either the waiter sees the new word, or the waker finds the waiter.
//! A waker does not lock the queue if no goroutine waits at all: the waiter counts itself before it reads the word, the waker
//! changes the word before it reads the count, and all four are sequentially consistent.
//!
//! # What stays in the kernel
//!
//! A goroutine that has locked one of the runtime's own mutexes, or waits for one, may be about to park elsewhere, and a
//! worker's loop cannot wait for it: [`own_tls::in_place`] marks these. A worker's loop, a forked child and the other
//! operations on futexes stay as they are, too.

mod call;

use crate::base::clock;
use crate::base::list::{Linked, Links, List};
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::own_tls;
use crate::points;
use crate::sched::goroutine::Goroutine;
use crate::sched::park::{Owner, Parker, WaitReason};
use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::*, fence};
use std::time::Duration;

/// The goroutines that wait.
static WAITING: AtomicUsize = AtomicUsize::new(0);

const QUEUES: usize = 256;
static WAITERS: [SpinLock<Queue>; QUEUES] = [const { SpinLock::new(Queue(List::new())) }; QUEUES];

/// The waiters of the words that share it, in order of arrival.
struct Queue(List<Waiter>);

// SAFETY: waiters are touched under the queue's lock, and their frames stay until they are taken off. Owners are `Send`.
unsafe impl Send for Queue {}

/// One wait. It lies on the stack of the goroutine that waits.
struct Waiter {
    links: Links<Waiter>,
    word: usize,
    bits: u32,
    owner: Cell<Option<Owner>>,
}

// SAFETY: it has one such field.
unsafe impl Linked for Waiter {
    unsafe fn links(waiter: *const Self) -> *const Links<Self> {
        // SAFETY: the caller's promise.
        unsafe { &raw const (*waiter).links }
    }
}

fn queue_of(word: usize) -> &'static SpinLock<Queue> {
    &WAITERS[(word >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize) >> (usize::BITS - QUEUES.ilog2())]
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Woken,
    /// The word was another one.
    Changed,
    TimedOut,
}

/// The calling goroutine, if its waits may park it: only where it is a thread to std, which has one parker for each.
fn waiting_goroutine() -> Option<&'static Goroutine> {
    if !own_tls::is_on() {
        return None;
    }
    let goroutine = Goroutine::current()?;
    (!own_tls::is_in_place() && !crate::base::fork::is_forked_child()).then_some(goroutine)
}

/// Parks `goroutine`, the calling one, while `word` is `expected`, until a wake that has one of `bits` or for `limit`.
///
/// # Safety
/// `word` is valid.
unsafe fn wait(
    goroutine: &'static Goroutine,
    word: *const AtomicU32,
    expected: u32,
    bits: u32,
    limit: Option<Duration>,
) -> End {
    let place = Location::caller();
    points::before(|| Touch::EVERYTHING, "futex wait", None);
    let deadline = limit.and_then(clock::deadline);
    let queue = queue_of(word.addr());
    let parker = Parker::Goroutine(goroutine);
    let waiter =
        Waiter { links: Links::new(), word: word.addr(), bits, owner: Cell::new(Some(parker.owner())) };
    WAITING.fetch_add(1, SeqCst);
    {
        let locked = queue.lock();
        // SAFETY: the caller's promise.
        if unsafe { (*word).load(SeqCst) } != expected {
            drop(locked);
            WAITING.fetch_sub(1, Relaxed);
            return End::Changed;
        }
        // SAFETY: the waiter is on this frame until it is off the queue.
        unsafe { locked.0.push_last((&raw const waiter).cast_mut()) };
    }
    let mut timed_out = false;
    match deadline {
        None => parker.park(WaitReason::Futex, place),
        Some(deadline) => parker.park_until(deadline, WaitReason::Futex, place, &mut || {
            let locked = queue.lock();
            timed_out = waiter.links.is_listed();
            if timed_out {
                // SAFETY: it is on this queue.
                unsafe { locked.0.remove((&raw const waiter).cast_mut()) };
            }
            timed_out
        }),
    }
    WAITING.fetch_sub(1, Relaxed);
    if timed_out { End::TimedOut } else { End::Woken }
}

/// Wakes up to `count` goroutines that wait for `word` with one of `bits`, the first to wait first. Returns how many.
fn wake(word: usize, count: usize, bits: u32) -> usize {
    // After the caller's change of the word, before the look at the count.
    fence(SeqCst);
    if WAITING.load(SeqCst) == 0 {
        return 0;
    }
    let mut woken = 0;
    while woken < count
        && let Some(owner) = take(word, bits)
    {
        woken += 1;
        owner.wake();
    }
    woken
}

/// The owner of the first such waiter, taken off its queue.
fn take(word: usize, bits: u32) -> Option<Owner> {
    let locked = queue_of(word).lock();
    let mut waiter = locked.0.first();
    // SAFETY: queued waiters are valid under the lock.
    while let Some(found) = unsafe { waiter.as_ref() } {
        if found.word == word && found.bits & bits != 0 {
            // SAFETY: it is on this queue.
            unsafe { locked.0.remove(waiter) };
            return found.owner.take();
        }
        waiter = found.links.next();
    }
    None
}
