//! What wakers, destructors, closures and keys do to the runtime that calls them. It never waits for anything that
//! comes only at the end of the round, so nobody who calls it is held up for long.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use gochan::runtime;

use crate::shelf::{self, Item};
use crate::values::Value;
use crate::verdict::{attempt, step};
use crate::wakers;
use crate::world::World;
use crate::{channels, keyed};

/// Does something to the world; what panics in it is caught here.
pub(crate) fn act(world: &Arc<World>) {
    let Some(_acting) = world.act() else { return };
    step();
    let mut random = Rng::with_seed(world.random());
    attempt(|| act_once(world, &mut random));
}

fn act_once(world: &Arc<World>, random: &mut Rng) {
    let ch = world.channel(random);
    match random.u8(..20) {
        0..=3 => channels::try_send(world, &ch, random),
        4..=6 => channels::try_recv(&ch),
        7..=11 => shelf::stir(world, random),
        12 => drop(world.shelf.take(random)),
        13 if random.u8(..8) == 0 => drop(ch.close()),
        13 => drop(format!("{ch:?}")),
        14 => world.shelf.put(Item::Waker(wakers::draw(world, random)), random),
        15 => world.shelf.put(Item::Value(Value::new(world)), random),
        16 => world.locks.touch(world, random),
        17 if world.has("keyed") => keyed::touch(world, random),
        // It waits, if not for long.
        18 => drop(ch.recv_timeout(Duration::from_micros(50)).map(|value| value.arrives("mischief"))),
        _ => runtime::gosched(),
    }
}
