//! Wakers of many kinds.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Weak};
use std::task::{RawWaker, RawWakerVTable, Wake, Waker};
use std::thread::{self, Thread};

use fastrand::Rng;

use crate::shelf::Item;
use crate::values::provoke;
use crate::verdict::check;
use crate::world::World;

/// A waker of a kind drawn at random; sometimes a copy of one that is about already.
pub(crate) fn draw(world: &Arc<World>, random: &mut Rng) -> Waker {
    match random.u8(..8) {
        0 => Waker::noop().clone(),
        1 => Waker::from(Arc::new(Counts::default())),
        2 => Waker::from(Arc::new(Unparks(thread::current()))),
        3 => {
            let waker = evil(world, random);
            world.shelf.put(Item::Waker(waker.clone()), random);
            waker
        }
        4 => {
            let pick = |item: &Item| match item {
                // A reference count only: the shelf is locked.
                Item::Waker(waker) if waker.vtable() != &VTABLE => Some(waker.clone()),
                _ => None,
            };
            world.shelf.take_a(random, pick).unwrap_or_else(|| Waker::noop().clone())
        }
        _ => evil(world, random),
    }
}

/// Counts.
#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// As those of executors do.
struct Unparks(Thread);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

const ALIVE: u64 = 0x3a11_3a11_3a11_3a11;

/// Panics and re-enters, where it is told to.
struct Evil {
    canary: AtomicU64,
    world: Weak<World>,
    on_clone: bool,
    on_wake: bool,
    on_drop: bool,
}

impl Evil {
    fn called(&self, evil: bool) {
        check(self.canary.load(Relaxed) == ALIVE, "a waker is used that is gone");
        if evil {
            provoke(&self.world);
        }
    }
}

impl Drop for Evil {
    fn drop(&mut self) {
        check(self.canary.swap(0, Relaxed) == ALIVE, "a waker is dropped twice");
        if let Some(world) = self.world.upgrade() {
            world.wakers.fetch_sub(1, SeqCst);
        }
    }
}

/// One that panics and re-enters when it is cloned, woken or dropped. Those made of an `Arc` cannot when cloned.
#[allow(
    unsafe_code,
    reason = "no safe waker runs code when it is cloned; the contract of one lets it do that"
)]
fn evil(world: &Arc<World>, random: &mut Rng) -> Waker {
    world.wakers.fetch_add(1, SeqCst);
    let evil = Evil {
        canary: AtomicU64::new(ALIVE),
        world: Arc::downgrade(world),
        on_clone: random.bool(),
        on_wake: random.bool(),
        on_drop: random.bool(),
    };
    // SAFETY: the functions of `VTABLE` take the pointer of an `Arc<Evil>` and keep its count, one for each waker.
    unsafe { Waker::new(Arc::into_raw(Arc::new(evil)).cast(), &VTABLE) }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

/// The count of the waker that `data` belongs to, for this call only.
#[allow(unsafe_code, reason = "see `evil`")]
fn borrowed(data: *const ()) -> ManuallyDrop<Arc<Evil>> {
    // SAFETY: called by the functions of the table only, with the data of a waker that has a count.
    ManuallyDrop::new(unsafe { Arc::from_raw(data.cast()) })
}

fn clone(data: *const ()) -> RawWaker {
    let evil = borrowed(data);
    evil.called(evil.on_clone);
    RawWaker::new(Arc::into_raw(Arc::clone(&evil)).cast(), &VTABLE)
}

fn wake(data: *const ()) {
    let evil = ManuallyDrop::into_inner(borrowed(data));
    evil.called(evil.on_wake);
}

fn wake_by_ref(data: *const ()) {
    let evil = borrowed(data);
    evil.called(evil.on_wake);
}

fn release(data: *const ()) {
    let evil = ManuallyDrop::into_inner(borrowed(data));
    evil.called(evil.on_drop);
}
