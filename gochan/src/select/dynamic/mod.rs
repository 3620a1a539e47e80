//! Selects whose operations are known only at run time.

mod arms;
mod slots;
mod wait_async;

pub use arms::{RecvArm, SendArm};
pub use wait_async::WaitAsync;

use super::arm::{Arm, RecvSlot, SendSlot};
use super::choice::{Chosen, IfBlocked, Mode, Order, conclude};
use super::engine::{Begun, Engine};
use super::poll::poll;
use super::slot::WaiterSlot;
use crate::base::callback::Callbacks;
use crate::base::clock;
use crate::chan::{Claim, Waiter};
use crate::chan::{RecvSide, SendError, SendSide, park_for_ever};
use crate::sched::park::{Completed, Parker, WaitReason};
use arms::Token;
use slots::BoxedSlot;
use std::fmt;
use std::mem::MaybeUninit;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use wait_async::Queued;

/// A set of channel operations to choose from, put together at run time: Go's `reflect.Select`.
///
/// The rules are those of [`select!`](macro@crate::select): one operation that is ready, any of them with the same
/// probability unless [`biased`](Select::biased); or wait. The set can be used again and again. After each choice
///
/// * an arm that received stays in the set;
/// * an arm that sent is off until it is [refilled](Select::refill);
/// * an arm whose channel is closed is still ready, always, until it is [removed](Select::remove).
///
/// A wait takes time in proportion to the arms.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::Select;
///
/// let sources: Vec<Chan<i32>> = (0..100).map(|_| chan!(i32)).collect();
/// for (n, source) in sources.iter().enumerate() {
///     go!([source] { send!(source <- n as i32); close!(source); });
/// }
///
/// let mut select = Select::new();
/// let arms: Vec<_> = sources.iter().map(|source| select.recv(source)).collect();
/// let (mut sum, mut open) = (0, sources.len());
/// while open > 0 {
///     let ready = select.wait();
///     let index = ready.index();
///     match ready.recv(arms[index]) {
///         Some(value) => sum += value,
///         None => {
///             select.remove(index);
///             open -= 1;
///         }
///     }
/// }
/// assert_eq!(sum, 4950);
/// ```
#[doc(alias = "reflect.Select")]
pub struct Select<'a> {
    /// Tells the arms of different selects apart.
    id: u64,
    arms: Vec<Arm<'a>>,
    slots: Vec<BoxedSlot<'a>>,
    waiters: Vec<MaybeUninit<Waiter>>,
    order: Vec<u32>,
    locks: Vec<u32>,
    sorted: bool,
    claim: Box<MaybeUninit<Claim>>,
    /// A future waits, or did and was leaked: the waiters are on their queues.
    queued: Option<Queued>,
    /// Chosen, and not yet returned: for a future that was dropped before it could say so, or by a wait that panicked.
    pending: Option<Chosen>,
    /// The arm of the last `Selected`, until that is dropped.
    selected: Option<usize>,
    wanted: Order,
}

// SAFETY: the arms borrow channels that are `Sync` and have slots for values that are `Send`; waiters and claim are
// used by others under the channels' locks only.
unsafe impl Send for Select<'_> {}

impl<'a> Select<'a> {
    /// An empty set.
    pub fn new() -> Select<'a> {
        static IDS: AtomicU64 = AtomicU64::new(0);
        Select {
            id: IDS.fetch_add(1, Relaxed),
            arms: Vec::new(),
            slots: Vec::new(),
            waiters: Vec::new(),
            order: Vec::new(),
            locks: Vec::new(),
            sorted: true,
            claim: Box::new(MaybeUninit::uninit()),
            queued: None,
            pending: None,
            selected: None,
            wanted: Order::Random,
        }
    }

    /// The first ready operation, in the order in which they were added, wins over a fair draw.
    #[must_use]
    pub fn biased(mut self) -> Select<'a> {
        self.wanted = Order::Source;
        self.order.sort_unstable();
        self
    }

    /// How many operations have been added; removed ones count, so this is the index of the next.
    pub fn len(&self) -> usize {
        self.arms.len()
    }

    /// True if nothing has been added.
    pub fn is_empty(&self) -> bool {
        self.arms.is_empty()
    }

    /// Adds a receive. On a nil channel it is never ready.
    pub fn recv<R>(&mut self, channel: &'a R) -> RecvArm<R::Item>
    where
        R: RecvSide + Sync + ?Sized,
        R::Item: Send,
    {
        let slot = BoxedSlot::new(RecvSlot::<R::Item>::new());
        let (value, content) = RecvSlot::parts(slot.as_type::<RecvSlot<R::Item>>());
        let index = self.add(Arm::new(channel.recv_channel().recv_operation(), value, content), slot);
        RecvArm { token: Token::new(self.id, index) }
    }

    /// Adds a send of `value`. On a nil channel it is never ready.
    pub fn send<S>(&mut self, channel: &'a S, value: S::Item) -> SendArm<S::Item>
    where
        S: SendSide + Sync + ?Sized,
        S::Item: Send,
    {
        let mut filled = SendSlot::new();
        filled.put(channel, value);
        let slot = BoxedSlot::new(filled);
        let (value, content) = SendSlot::parts(slot.as_type::<SendSlot<S::Item>>());
        let index = self.add(Arm::new(channel.send_channel().send_operation(), value, content), slot);
        SendArm { token: Token::new(self.id, index) }
    }

    fn add(&mut self, arm: Arm<'a>, slot: BoxedSlot<'a>) -> usize {
        self.settle();
        let index = self.arms.len();
        let number = u32::try_from(index).expect("fewer than 2^32 arms");
        self.arms.push(arm);
        self.slots.push(slot);
        self.waiters.push(MaybeUninit::uninit());
        self.order.push(number);
        self.locks.push(number);
        self.sorted = false;
        index
    }

    /// Takes an operation out of the set. The value of a send is dropped with the set. The others keep their indices.
    ///
    /// # Panics
    /// If there is no operation with that index.
    pub fn remove(&mut self, index: usize) {
        self.settle();
        let operation = self.arms[index].operation.take();
        self.arms[index].on = false;
        if self.pending.is_some_and(|chosen| chosen.index() == index) {
            self.pending = None;
        }
        if let Some(operation) = operation {
            // Received for a future that was dropped.
            self.slots[index].get().give_back(operation);
        }
    }

    /// Gives a send its next value, and puts it on again. A value it still has is dropped.
    ///
    /// # Panics
    /// If the arm is of another `Select`.
    ///
    /// ```
    /// use gochan::Select;
    /// use gochan::prelude::*;
    ///
    /// let out = chan!(u32, 3);
    /// let mut select = Select::new();
    /// let arm = select.send(&out, 1);
    /// for next in 2..=3 {
    ///     select.wait().send(arm).unwrap();
    ///     select.refill(arm, next);
    /// }
    /// select.wait().send(arm).unwrap();
    /// assert_eq!(out.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
    /// ```
    pub fn refill<T>(&mut self, arm: SendArm<T>, value: T) {
        self.settle();
        let index = self.check(&arm.token);
        // SAFETY: the token says what type the slot has.
        unsafe { (*self.slots[index].as_type::<SendSlot<T>>()).fill(value) };
        self.arms[index].on = self.arms[index].operation.is_some();
    }

    /// Waits for one of the operations and completes it. With none in the set it waits for ever.
    #[doc(alias = "select")]
    #[track_caller]
    pub fn wait(&mut self) -> Selected<'_, 'a> {
        let place = Location::caller();
        match self.run(IfBlocked::Wait, None, place) {
            Some(chosen) => self.selected(chosen),
            None => park_for_ever(place, WaitReason::SelectNothing),
        }
    }

    /// Completes one of the operations if there is one that is ready: Go's select with `default`, with the same
    /// [turns for others](macro@crate::select#loops-with-default) in a loop.
    ///
    /// ```
    /// use gochan::Select;
    /// use gochan::prelude::*;
    ///
    /// let inbox = chan!(u32, 1);
    /// let mut select = Select::new();
    /// let arm = select.recv(&inbox);
    /// assert!(select.try_wait().is_none());
    /// send!(inbox <- 1);
    /// assert_eq!(select.try_wait().unwrap().recv(arm), Some(1));
    /// ```
    pub fn try_wait(&mut self) -> Option<Selected<'_, 'a>> {
        let chosen = self.run(IfBlocked::Default, None, Location::caller())?;
        Some(self.selected(chosen))
    }

    /// As [`wait`](Select::wait), but gives up after `timeout`.
    ///
    /// ```
    /// use gochan::Select;
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let quiet = chan!(u32);
    /// let mut select = Select::new();
    /// select.recv(&quiet);
    /// assert!(select.wait_timeout(Duration::from_millis(1)).is_none());
    /// ```
    #[track_caller]
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Selected<'_, 'a>> {
        let place = Location::caller();
        let Some(limit) = clock::deadline(timeout) else { return Some(self.wait()) };
        let chosen = self.run(IfBlocked::Wait, Some(limit), place)?;
        Some(self.selected(chosen))
    }

    /// Waits in an async task. If the future is dropped early nothing is lost: what it may have chosen already is
    /// what the next wait returns.
    ///
    /// ```
    /// use gochan::Select;
    /// use gochan::prelude::*;
    ///
    /// let inbox = chan!(u32);
    /// go!([inbox] { send!(inbox <- 1); });
    /// let mut select = Select::new();
    /// let arm = select.recv(&inbox);
    /// let ready = pollster::block_on(select.wait_async());
    /// assert_eq!(ready.recv(arm), Some(1));
    /// ```
    pub fn wait_async(&mut self) -> WaitAsync<'_, 'a> {
        WaitAsync { select: Some(self) }
    }

    /// None: `default` and nothing is ready, or the limit has passed, or there is nothing to wait for.
    fn run(
        &mut self,
        if_blocked: IfBlocked,
        limit: Option<Instant>,
        place: &'static Location<'static>,
    ) -> Option<Chosen> {
        self.settle();
        if let Some(chosen) = self.pending.take() {
            return Some(chosen);
        }
        let mut other = None;
        let chosen = match self.poll(Some(place), &mut other) {
            Some(chosen) => chosen,
            None => self.begin(if_blocked, limit, place, &mut other),
        };
        // Should a waker panic, the next wait returns what was chosen.
        self.pending = (!chosen.is_fallback()).then_some(chosen);
        conclude(other, if_blocked, place);
        self.pending.take()
    }

    fn begin(
        &mut self,
        if_blocked: IfBlocked,
        limit: Option<Instant>,
        place: &'static Location<'static>,
        other: &mut Option<Completed>,
    ) -> Chosen {
        let arms = self.arms.len();
        let mut engine = self.engine(if_blocked, Some(place));
        loop {
            let begun = engine.begin(other, || {
                let parker = Parker::current();
                let owner = parker.owner();
                (parker, owner)
            });
            match begun {
                Begun::Chosen(chosen) => return chosen,
                Begun::Waiting(parker, time) => match [time, limit].into_iter().flatten().min() {
                    None => parker.park_or_end(WaitReason::Select, place, || engine.call_off()),
                    Some(deadline) => engine.park_until(&parker, deadline, place),
                },
                Begun::AllOff => {
                    if let Some(limit) = limit {
                        Parker::current().park_until(limit, WaitReason::SelectNothing, place, &mut || true);
                    }
                    return Chosen::fallback(arms);
                }
            }
            // The owner is a goroutine's or a thread's: there is nothing of the user's in it.
            if let (Some(chosen), _) = engine.leave() {
                return chosen;
            }
            if limit.is_some_and(|limit| clock::now() >= limit) {
                return Chosen::fallback(arms);
            }
        }
    }

    fn poll(
        &mut self,
        place: Option<&'static Location<'static>>,
        other: &mut Option<Completed>,
    ) -> Option<Chosen> {
        poll(&mut self.arms, &mut self.order, self.wanted, place, other)
    }

    fn engine(&mut self, if_blocked: IfBlocked, place: Option<&'static Location<'static>>) -> Engine<'_, 'a> {
        Engine {
            arms: &mut self.arms,
            slot: WaiterSlot::of(&mut self.claim, &mut self.waiters),
            order: &mut self.order,
            locks: &mut self.locks,
            sorted: &mut self.sorted,
            mode: Mode { order: self.wanted, if_blocked },
            place,
        }
    }

    fn selected(&mut self, chosen: Chosen) -> Selected<'_, 'a> {
        self.selected = Some(chosen.index());
        Selected { select: self, chosen }
    }

    /// Puts the set in order before anything is done with it: leaves the queues that a future has left it on, and drops
    /// what a `Selected` that was leaked has left in a slot.
    fn settle(&mut self) {
        if let Some(queued) = self.queued.take() {
            self.leave(queued);
        }
        if let Some(index) = self.selected.take() {
            self.slots[index].get().discard();
        }
    }

    #[cold]
    fn leave(&mut self, queued: Queued) {
        let mut engine = self.engine(IfBlocked::Wait, None);
        engine.give_up();
        let (chosen, owner) = engine.leave();
        self.pending = chosen;
        // Wakers of tasks, which are the user's.
        let mut callbacks = Callbacks::new();
        callbacks.run(|| drop(owner));
        queued.end(&mut callbacks);
        callbacks.finish();
    }

    /// Tokens of one select are good for it: their kind and type are those of their slot.
    #[track_caller]
    fn check<T>(&self, token: &Token<T>) -> usize {
        assert!(token.select == self.id, "the arm is of another Select");
        token.index
    }
}

impl Default for Select<'_> {
    fn default() -> Self {
        Select::new()
    }
}

impl Drop for Select<'_> {
    fn drop(&mut self) {
        let mut callbacks = Callbacks::new();
        callbacks.run(|| self.settle());
        if let Some(chosen) = self.pending
            && let Some(operation) = self.arms[chosen.index()].operation
        {
            callbacks.run(|| self.slots[chosen.index()].get().give_back(operation));
        }
        callbacks.drop_each(self.slots.drain(..));
        callbacks.finish();
    }
}

/// The operation that a [`Select`] has chosen and completed.
///
/// Ask the arm with [`index`](Selected::index) for its result. Otherwise a received value is dropped.
#[must_use = "it says which operation was completed, and has the received value"]
pub struct Selected<'s, 'a> {
    select: &'s mut Select<'a>,
    chosen: Chosen,
}

impl Selected<'_, '_> {
    /// Which operation: they are numbered in the order in which they were added, from zero.
    pub fn index(&self) -> usize {
        self.chosen.index()
    }

    /// What was received; `None` if the channel is closed and drained.
    ///
    /// # Panics
    /// If `arm` is not the chosen one.
    #[track_caller]
    pub fn recv<T>(self, arm: RecvArm<T>) -> Option<T> {
        let index = self.chosen_by(&arm.token);
        // SAFETY: the token says what type the slot has.
        unsafe { (*self.select.slots[index].as_type::<RecvSlot<T>>()).take_out() }
    }

    /// How the send went.
    ///
    /// # Errors
    /// If the channel is closed, or no receiver is left: the value comes back.
    ///
    /// # Panics
    /// If `arm` is not the chosen one.
    #[track_caller]
    pub fn send<T>(self, arm: SendArm<T>) -> Result<(), SendError<T>> {
        let index = self.chosen_by(&arm.token);
        if self.chosen.is_moved() {
            return Ok(());
        }
        self.select.arms[index].on = false;
        // SAFETY: the token says what type the slot has.
        let value = unsafe { (*self.select.slots[index].as_type::<SendSlot<T>>()).take_out() };
        Err(SendError(value.expect("what was not sent is still there")))
    }

    #[track_caller]
    fn chosen_by<T>(&self, token: &Token<T>) -> usize {
        let index = self.select.check(token);
        assert_eq!(index, self.index(), "the arm is not the one that was chosen");
        index
    }
}

impl Drop for Selected<'_, '_> {
    fn drop(&mut self) {
        // What was received and not asked for must not be taken for the result of a later choice.
        self.select.selected = None;
        self.select.slots[self.chosen.index()].get().discard();
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select")
            .field("arms", &self.arms.len())
            .field("biased", &(self.wanted == Order::Source))
            .finish()
    }
}

impl fmt::Debug for Selected<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selected({})", self.index())
    }
}
