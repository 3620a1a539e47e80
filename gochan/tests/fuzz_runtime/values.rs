//! Values that are counted, and panic or use the runtime when they are cloned, compared or dropped.

use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use gochan::runtime;

use crate::mischief;
use crate::verdict::{check, fail};
use crate::world::World;

const ALIVE: u64 = 0x600d_600d_600d_600d;
const DEAD: u64 = 0xdead_dead_dead_dead;

/// The values of a round, by number.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Vec<Entry>>);

struct Entry {
    state: State,
    /// Where it was last seen.
    place: &'static str,
    made: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Some code of the fuzzer has it.
    Owned,
    /// It was given to a channel.
    Sent,
    Dropped,
}

impl Ledger {
    fn create(&self, made: &'static Location<'static>) -> usize {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Entry { state: State::Owned, place: "made", made });
        entries.len() - 1
    }

    fn change(&self, id: usize, place: &'static str, allowed: &[State], to: State) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Entry { state, place: before, made } = entries[id];
        if !allowed.contains(&state) {
            drop(entries);
            fail(&format!("value {id} of {made} at {place:?} is {state:?} since {before:?}"));
        }
        entries[id] = Entry { state: to, place, made };
    }

    /// Values that were not dropped, and where the first of them were last seen.
    pub(crate) fn left(&self) -> (usize, String) {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left: Vec<_> =
            entries.iter().enumerate().filter(|(_, entry)| entry.state != State::Dropped).collect();
        let shown: Vec<_> = left
            .iter()
            .take(8)
            .map(|(id, entry)| {
                format!("value {id} of {}: {:?} at {:?}", entry.made, entry.state, entry.place)
            })
            .collect();
        (left.len(), shown.join("\n"))
    }
}

/// A value of a round. The default one is nobody's, as what a closed channel yields.
#[derive(Default)]
pub(crate) struct Value(Option<Box<Inner>>);

struct Inner {
    canary: u64,
    id: usize,
    /// Who sent it and how many before, in a lane.
    pub(crate) order: (u32, u32),
    /// Neither panics nor re-enters.
    tame: bool,
    ledger: Arc<Ledger>,
    world: Weak<World>,
}

impl Value {
    #[track_caller]
    pub(crate) fn new(world: &Arc<World>) -> Value {
        Value::make(world.ledger.clone(), Arc::downgrade(world), false, (0, 0))
    }

    /// One that only counts, number `order.1` of sender `order.0`.
    #[track_caller]
    pub(crate) fn tame(world: &Arc<World>, order: (u32, u32)) -> Value {
        Value::make(world.ledger.clone(), Arc::downgrade(world), true, order)
    }

    #[track_caller]
    fn make(ledger: Arc<Ledger>, world: Weak<World>, tame: bool, order: (u32, u32)) -> Value {
        let id = ledger.create(Location::caller());
        Value(Some(Box::new(Inner { canary: ALIVE, id, order, tame, ledger, world })))
    }

    pub(crate) fn id(&self) -> Option<usize> {
        self.0.as_ref().map(|inner| inner.id)
    }

    pub(crate) fn order(&self) -> (u32, u32) {
        self.0.as_ref().map_or((0, 0), |inner| inner.order)
    }

    fn inspect(&self, place: &str) -> Option<&Inner> {
        let inner = self.0.as_deref()?;
        if inner.canary != ALIVE {
            fail(&format!("value at {place:?} has the canary {:#x}", inner.canary));
        }
        Some(inner)
    }

    /// It is about to be given to a channel.
    pub(crate) fn leaves(self, place: &'static str) -> Value {
        if let Some(inner) = self.inspect(place) {
            inner.ledger.change(inner.id, place, &[State::Owned], State::Sent);
        }
        self
    }

    /// It came out of a channel: once for each time it was sent.
    pub(crate) fn arrives(self, place: &'static str) -> Value {
        if let Some(inner) = self.inspect(place) {
            inner.ledger.change(inner.id, place, &[State::Sent], State::Owned);
        }
        self
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        let Some(mut inner) = self.0.take() else { return };
        check(inner.canary == ALIVE, "a value is dropped that is not alive");
        inner.ledger.change(inner.id, "dropped", &[State::Owned, State::Sent], State::Dropped);
        inner.canary = DEAD;
        let (tame, world) = (inner.tame, inner.world.clone());
        drop(inner);
        if !tame {
            provoke(&world);
        }
    }
}

impl Clone for Value {
    fn clone(&self) -> Value {
        let Some(inner) = self.inspect("clone") else { return Value(None) };
        if !inner.tame {
            provoke(&inner.world);
        }
        Value::make(inner.ledger.clone(), inner.world.clone(), inner.tame, inner.order)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        for value in [self, other] {
            if let Some(inner) = value.inspect("eq")
                && !inner.tame
            {
                provoke(&inner.world);
            }
        }
        self.id() == other.id()
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({:?})", self.inspect("debug").map(|inner| inner.id))
    }
}

/// What provoked panics have as their payload. Its destructor may panic, with another one.
pub(crate) struct Payload {
    deep: u8,
    _value: Value,
    world: Weak<World>,
}

impl Drop for Payload {
    fn drop(&mut self) {
        if let Some(world) = self.world.upgrade()
            && world.rules.reenters
            && world.whim(6)
        {
            mischief::act(&world);
        }
        if self.deep > 0 && !thread::panicking() {
            let payload =
                Payload { deep: self.deep - 1, _value: Value::default(), world: self.world.clone() };
            std::panic::panic_any(payload);
        }
    }
}

/// Called wherever the runtime runs code of its user: does something of the world, panics, both or nothing.
pub(crate) fn provoke(world: &Weak<World>) {
    let Some(world) = world.upgrade() else { return };
    if world.rules.reenters && world.whim(6) {
        mischief::act(&world);
    }
    if world.rules.panics && world.whim(12) && !thread::panicking() {
        unwind(world);
    }
}

/// Panics, or ends the goroutine.
pub(crate) fn unwind(world: Arc<World>) -> ! {
    if world.rules.goexit && world.whim(6) && runtime::current_id().is_some() {
        drop(world);
        runtime::goexit();
    }
    let deep = if world.whim(4) { 1 + u8::from(world.whim(2)) } else { 0 };
    // The payload of a destructor of a payload may have to be forgotten, so values are in the first one, and tame.
    let value = if world.whim(2) { Value::tame(&world, (0, 0)) } else { Value::default() };
    let payload = Payload { deep, _value: value, world: Arc::downgrade(&world) };
    drop(world);
    std::panic::panic_any(payload);
}
