//! Waiting and waking, for goroutines, OS threads and async tasks alike.
//!
//! A wait has two ends. The waiter keeps a [`Parker`] and sleeps in [`Parker::park`]; the code that ends the wait holds the
//! matching [`Owner`] and calls [`Owner::wake`]. The contract that makes this cheap: **each park is matched by exactly one
//! wake**, decided under the lock of the object that is waited for. So there are no spurious returns and no flags to recheck,
//! and a goroutine needs no state of its own to be parked: a wake that comes before its coroutine has switched out lands in a
//! queue of the thread that is still running it.
//!
//! A goroutine never switches out while a panic unwinds through it: the thread's count of panics would apply to the other
//! goroutines. It waits like a plain thread then.
//!
//! Nothing may unwind between the queueing of a waiter and [`Parker::park`], and [`Owner::wake`] may panic: see
//! `INVARIANTS.md`.

use super::fresh::raise_goexit;
use super::goroutine::Goroutine;
use super::worker::Worker;
use crate::base::actors::Wake;
use crate::base::callback::Callbacks;
use crate::base::patience;
use crate::base::policy::SPIN_IF_REWARDED;
pub use crate::base::reason::WaitReason;
use crate::base::spin::assert_none_held;
use crate::own_tls;
use crate::shim;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// The right, and the duty, to wake one parked waiter once. One word: a pointer whose low bits say what it points to.
#[derive(Debug, PartialEq)]
pub(crate) struct Owner(NonNull<()>);

// SAFETY: goroutines are made ready from any thread; the others are `Send` themselves.
unsafe impl Send for Owner {}
// SAFETY: through `&Owner` only the number of the waiter's worker is read, and a waker compared.
unsafe impl Sync for Owner {}

const GOROUTINE: usize = 0;
const THREAD: usize = 1;
const TASK: usize = 2;
const TAGS: usize = 3;

/// An owner taken apart.
enum Woken {
    Goroutine(&'static Goroutine),
    Thread(Arc<ThreadParker>),
    Task(Box<Waker>),
}

impl Owner {
    #[inline]
    fn goroutine(goroutine: &'static Goroutine) -> Owner {
        Owner(NonNull::from(goroutine).cast())
    }

    fn thread(thread: Arc<ThreadParker>) -> Owner {
        Owner::tagged(Arc::into_raw(thread).cast_mut(), THREAD)
    }

    /// The owner of an async task's wait.
    pub(crate) fn task(waker: &Waker) -> Owner {
        Owner::tagged(Box::into_raw(Box::new(waker.clone())), TASK)
    }

    fn tagged<T>(pointer: *mut T, tag: usize) -> Owner {
        const { assert!(align_of::<T>() > TAGS) };
        Owner(NonNull::new(pointer.cast::<()>().map_addr(|address| address | tag)).expect("a tagged pointer"))
    }

    #[inline]
    fn tag(&self) -> usize {
        self.0.addr().get() & TAGS
    }

    #[inline]
    fn into_woken(self) -> Woken {
        let tag = self.tag();
        let pointer = self.0.as_ptr().map_addr(|address| address & !TAGS);
        std::mem::forget(self);
        // SAFETY: the tag says what the pointer was made from, and `self` was its only holder.
        unsafe {
            match tag {
                GOROUTINE => Woken::Goroutine(&*pointer.cast()),
                THREAD => Woken::Thread(Arc::from_raw(pointer.cast())),
                _ => Woken::Task(Box::from_raw(pointer.cast())),
            }
        }
    }

    /// Makes the waiter runnable. Everything before this call happens before its return from `park`.
    #[inline]
    pub(crate) fn wake(self) {
        match self.into_woken() {
            Woken::Goroutine(goroutine) => match Worker::current() {
                Some(worker) if ptr::eq(worker, goroutine.worker()) => worker.push_ready(goroutine),
                _ => goroutine.worker().push_from_elsewhere(goroutine),
            },
            Woken::Thread(thread) => thread.unpark(),
            Woken::Task(waker) => {
                assert_none_held();
                waker.wake();
            }
        }
    }

    /// True if this wakes the task of `waker`.
    pub(crate) fn will_wake(&self, waker: &Waker) -> bool {
        let pointer = self.0.as_ptr().map_addr(|address| address & !TAGS);
        // SAFETY: so tagged, it is a pointer to a waker, which `self` owns.
        self.tag() == TASK && unsafe { &*pointer.cast::<Waker>() }.will_wake(waker)
    }

    /// The number of the waiter's worker, if it is a goroutine.
    #[inline]
    pub(crate) fn home(&self) -> Option<usize> {
        // SAFETY: an untagged pointer is a goroutine's, which is parked and so alive.
        (self.tag() == GOROUTINE).then(|| unsafe { self.0.cast::<Goroutine>().as_ref() }.worker().index())
    }

    pub(crate) fn into_word(self) -> NonNull<()> {
        let word = self.0;
        std::mem::forget(self);
        word
    }

    /// # Safety
    /// `word` came from `into_word` and is turned back once.
    pub(crate) unsafe fn from_word(word: NonNull<()>) -> Owner {
        Owner(word)
    }
}

/// Not on any worker.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// A wait that is complete: its owner, to be woken when no lock is held.
#[derive(Debug)]
#[must_use = "it sleeps until it is woken"]
pub(crate) struct Completed {
    pub(crate) owner: Owner,
    /// The number of the waiter's worker, or `NOWHERE`.
    pub(crate) home: u32,
}

impl Completed {
    /// As [`Owner::wake`]. A goroutine of the calling worker is not touched.
    #[inline]
    pub(crate) fn wake(self) {
        match self.owner.into_woken() {
            Woken::Goroutine(goroutine) => match Worker::current() {
                Some(worker) if worker.index() as u32 == self.home => worker.push_ready(goroutine),
                _ => goroutine.worker().push_from_elsewhere(goroutine),
            },
            Woken::Thread(thread) => thread.unpark(),
            Woken::Task(waker) => {
                assert_none_held();
                waker.wake();
            }
        }
    }
}

impl Drop for Owner {
    /// Gives up the owner without a wake: its waiter has withdrawn.
    #[inline]
    fn drop(&mut self) {
        if self.tag() != GOROUTINE {
            if self.tag() == TASK {
                // A waker's destructor is the user's code.
                assert_none_held();
            }
            drop(Owner(self.0).into_woken());
        }
    }
}

/// Owners to be woken together, each with the number of its worker. Goroutines are handed over worker by worker and without
/// being touched: where many wait, touching each would be a cache miss.
#[derive(Debug)]
pub(crate) struct WakeList {
    /// The worker of `goroutines`: that of the first one to be pushed.
    home: u32,
    goroutines: Vec<&'static Goroutine>,
    others: Vec<(Owner, u32)>,
}

impl WakeList {
    pub(crate) fn new() -> WakeList {
        WakeList { home: 0, goroutines: Vec::new(), others: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.goroutines.is_empty() && self.others.is_empty()
    }

    #[inline]
    pub(crate) fn push(&mut self, Completed { owner, home }: Completed) {
        if owner.tag() != GOROUTINE || (home != self.home && !self.goroutines.is_empty()) {
            return self.others.push((owner, home));
        }
        let Woken::Goroutine(goroutine) = owner.into_woken() else { unreachable!("by its tag") };
        self.home = home;
        self.goroutines.push(goroutine);
    }

    /// Wakes all of one worker in the reverse of the order in which they were pushed.
    pub(crate) fn wake_from_last(self) {
        let WakeList { home, mut goroutines, others } = self;
        goroutines.reverse();
        if others.is_empty() {
            return Goroutine::ready_many(goroutines);
        }
        let (mut by_home, mut tasks) = (vec![(home, goroutines)], Vec::new());
        for (owner, home) in others.into_iter().rev() {
            match owner.into_woken() {
                Woken::Goroutine(goroutine) => match by_home.iter_mut().find(|(other, _)| *other == home) {
                    Some((_, goroutines)) => goroutines.push(goroutine),
                    None => by_home.push((home, vec![goroutine])),
                },
                Woken::Thread(thread) => thread.unpark(),
                Woken::Task(waker) => tasks.push(*waker),
            }
        }
        // Other workers first: they run theirs while this worker queues its own.
        let here = Worker::current().map(|worker| worker.index() as u32);
        by_home.sort_by_key(|(home, _)| Some(*home) == here);
        by_home.into_iter().for_each(|(_, goroutines)| Goroutine::ready_many(goroutines));
        // Wakers of async tasks are the user's code: they come last, and each is called. The first to wait is woken first.
        assert_none_held();
        let mut callbacks = Callbacks::new();
        tasks.into_iter().for_each(|waker: Waker| callbacks.run(|| waker.wake()));
        callbacks.finish();
    }
}

/// The calling goroutine, unless a panic unwinds through it that its thread counts.
#[inline]
pub(crate) fn may_switch() -> Option<&'static Goroutine> {
    Goroutine::current().filter(|_| own_tls::is_on() || !std::thread::panicking())
}

/// The waiting end: this goroutine, or this thread.
#[derive(Debug)]
pub(crate) enum Parker {
    Goroutine(&'static Goroutine),
    Thread(Arc<ThreadParker>),
}

impl Parker {
    /// The calling goroutine; outside of one, and while a panic unwinds, the calling thread.
    #[inline]
    pub(crate) fn current() -> Parker {
        match may_switch() {
            Some(goroutine) => Parker::Goroutine(goroutine),
            None => Parker::Thread(ThreadParker::current()),
        }
    }

    /// The waking end for this wait. Taken once per park.
    #[inline]
    pub(crate) fn owner(&self) -> Owner {
        match self {
            Parker::Goroutine(goroutine) => Owner::goroutine(goroutine),
            Parker::Thread(thread) => Owner::thread(thread.clone()),
        }
    }

    /// Sleeps until the owner is woken.
    #[inline(always)]
    pub(crate) fn park(&self, reason: WaitReason, place: &'static Location<'static>) {
        self.park_or_end(reason, place, || false);
    }

    /// Like `park`, for a wait that a test may call off when no goroutine of it goes on; the goroutine then ends by unwinding.
    /// `withdraw` takes the owner out of the queue that it is in, and returns false if another thread has claimed it, whose
    /// wake is then awaited.
    #[inline(always)]
    pub(crate) fn park_or_end(
        &self,
        reason: WaitReason,
        place: &'static Location<'static>,
        mut withdraw: impl FnMut() -> bool,
    ) {
        assert_none_held();
        match self {
            Parker::Goroutine(goroutine) => {
                while goroutine.park(reason, place) {
                    if withdraw() {
                        raise_goexit();
                    }
                }
            }
            Parker::Thread(thread) => thread.park(reason, place),
        }
    }

    /// Sleeps until `deadline` has passed; there is no owner.
    pub(crate) fn sleep_until(
        &self,
        deadline: Instant,
        reason: WaitReason,
        place: &'static Location<'static>,
    ) {
        assert_none_held();
        match self {
            Parker::Goroutine(goroutine) => super::timers::sleep_until(goroutine, deadline, reason, place),
            Parker::Thread(thread) => {
                thread.park_until(deadline, reason, place);
            }
        }
    }

    /// Sleeps until the owner is woken, or until `deadline` has passed and `give_up` has returned true. `give_up`
    /// withdraws the owner from the queue that it is in; it returns false if another thread has claimed it, whose wake is
    /// then awaited. It runs on the waiter's thread, possibly while its goroutine is switched out.
    pub(crate) fn park_until(
        &self,
        deadline: Instant,
        reason: WaitReason,
        place: &'static Location<'static>,
        give_up: &mut dyn FnMut() -> bool,
    ) {
        assert_none_held();
        match self {
            Parker::Goroutine(goroutine) => {
                super::timers::park_until(goroutine, deadline, reason, place, give_up);
            }
            Parker::Thread(thread) => {
                if !thread.park_until(deadline, reason, place) && !give_up() {
                    thread.park(reason, place);
                }
            }
        }
    }
}

/// A one-shot event that a thread sleeps on.
#[derive(Debug)]
pub(crate) struct ThreadParker {
    wake: Wake,
    thread: shim::Thread,
}

#[cfg(not(gochan_model))]
shim::thread_local! {
    static PARKER: Arc<ThreadParker> = Arc::new(ThreadParker::new());
}

impl ThreadParker {
    /// The parker of this thread. It serves one wait after the other: when a wait is over, its owner has stored the wake or
    /// has been dropped. The owner may still unpark the thread after that, and `park` tolerates it.
    #[cfg(not(gochan_model))]
    fn current() -> Arc<ThreadParker> {
        let parker = PARKER.try_with(Arc::clone).unwrap_or_else(|_| Arc::new(ThreadParker::new()));
        parker.wake.reset();
        parker
    }

    #[cfg(gochan_model)]
    fn current() -> Arc<ThreadParker> {
        Arc::new(ThreadParker::new())
    }

    fn new() -> ThreadParker {
        ThreadParker { wake: Wake::new(), thread: shim::current() }
    }

    fn unpark(self: Arc<Self>) {
        self.wake.wake();
        self.thread.unpark();
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.wake.is_woken()
    }

    /// True if the wake has come before the thread would have slept.
    fn looks_around(&self) -> bool {
        super::here::others_run_meanwhile() && patience::look_around(|| self.is_woken())
    }

    #[cold]
    #[inline(never)]
    fn park(&self, reason: WaitReason, place: &'static Location<'static>) {
        if let Some(worker) = Worker::current() {
            return super::unwinding::park(worker, self, reason, place);
        }
        if self.looks_around() {
            return;
        }
        let note = super::threads::ShownWait::begin_for_good(reason, place, || self.is_woken());
        self.wake.sleep(|| note.looks_up());
    }

    /// False if the deadline came first.
    #[cfg(not(any(gochan_model, gochan_loom)))]
    fn park_until(&self, deadline: Instant, reason: WaitReason, place: &'static Location<'static>) -> bool {
        let is_far = deadline.saturating_duration_since(crate::base::clock::now()) > SPIN_IF_REWARDED;
        if is_far && self.looks_around() {
            return true;
        }
        let note = super::threads::ShownWait::begin(reason, place);
        while !self.is_woken() {
            let left = deadline.saturating_duration_since(crate::base::clock::now());
            if left.is_zero() {
                return false;
            }
            std::thread::park_timeout(left);
            note.looks_up();
        }
        true
    }

    /// The model has no clock: a timeout may strike at any moment, so it strikes after one yield.
    #[cfg(any(gochan_model, gochan_loom))]
    fn park_until(&self, _: Instant, _: WaitReason, _: &'static Location<'static>) -> bool {
        shim::yield_now();
        self.is_woken()
    }
}
