//! Maps and shared calls, whose keys panic or re-enter when they are hashed, compared, cloned or dropped.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};
use std::time::Duration;

use fastrand::Rng;
use gochan::runtime;
use gochan::sync::{Map, singleflight};

use crate::shelf;
use crate::values::{Value, provoke};
use crate::verdict::attempt;
use crate::world::World;

/// A key that does something whenever it is used. The default one is tame.
#[derive(Default)]
pub(crate) struct Key {
    number: u8,
    world: Weak<World>,
}

impl Key {
    fn draw(world: &Arc<World>, random: &mut Rng) -> Key {
        Key {
            number: random.u8(..12),
            world: if random.bool() { Arc::downgrade(world) } else { Weak::new() },
        }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        provoke(&self.world);
        // Some collide.
        (self.number / 2).hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        provoke(&self.world);
        self.number == other.number
    }
}

impl Eq for Key {}

impl Clone for Key {
    fn clone(&self) -> Key {
        provoke(&self.world);
        Key { number: self.number, world: self.world.clone() }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        provoke(&self.world);
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        provoke(&self.world);
        write!(f, "Key({})", self.number)
    }
}

/// What the world has of these.
#[derive(Default)]
pub(crate) struct Keyed {
    /// Renewed with each round's end: a map drops what it has removed when it goes, at the latest.
    map: std::sync::Mutex<Arc<Map<Key, Value>>>,
    calls: singleflight::Group<Key, Value>,
}

impl Keyed {
    fn map(&self) -> Arc<Map<Key, Value>> {
        self.map.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) fn clear(&self) {
        let map = std::mem::take(&mut *self.map.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        attempt(|| drop(map));
    }
}

/// From code that the runtime calls.
pub(crate) fn touch(world: &Arc<World>, random: &mut Rng) {
    let key = Key::draw(world, random);
    match random.u8(..8) {
        0 => world.keyed.calls.forget(&key),
        1 => drop(format!("{:?}", world.keyed.calls)),
        _ => map(world, key, random),
    }
}

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    let key = Key::draw(world, random);
    if random.u8(..3) > 0 {
        return map(world, key, random);
    }
    let weak = Arc::downgrade(world);
    let answer = move || {
        provoke(&weak);
        runtime::gosched();
        weak.upgrade().map(|world| Value::new(&world)).unwrap_or_default()
    };
    let calls = &world.keyed.calls;
    match random.u8(..4) {
        0 => {
            let answers = calls.run_chan(key, answer);
            if random.bool() {
                drop(answers.recv_timeout(Duration::from_micros(100)));
            }
            shelf::dispose(world, answers, random);
        }
        1 => calls.forget(&key),
        _ => drop(calls.run(key, answer)),
    }
}

fn map(world: &Arc<World>, key: Key, random: &mut Rng) {
    let map = world.keyed.map();
    match random.u8(..14) {
        0 | 1 => drop(map.load(&key)),
        2..=4 => map.store(key, Value::new(world)),
        5 => drop(map.swap(key, Value::new(world))),
        6 => drop(map.load_or_store(key, Value::new(world))),
        7 => drop(map.load_and_delete(&key)),
        8 => drop(map.delete(&key)),
        9 => {
            if let Some(old) = map.load(&key) {
                map.compare_and_swap(key, &old, Value::new(world));
            }
        }
        10 => {
            if let Some(old) = map.load(&key) {
                map.compare_and_delete(&key, &old);
            }
        }
        11 => {
            let mut most = random.usize(1..6);
            map.range(|key, value| {
                provoke(&key.world);
                let _ = value.id();
                most -= 1;
                most > 0
            });
        }
        12 if random.u8(..4) == 0 => map.clear(),
        _ => drop((map.len(), map.is_empty(), format!("{map:?}"))),
    }
}
