//! A round: a world, a crowd that operates on it, and the check of what is left of it.

use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use gochan::{Builder, Placement, runtime};

use crate::process::ROUND;
use crate::verdict::{attempt, check, round_begins, step, watch_panics, watch_progress};
use crate::world::{Live, World};

/// Rounds in this process, beginning with the one of `seed`.
pub(crate) fn run_rounds(mut seed: u64, budget: Duration, repeats: bool) {
    watch_panics();
    watch_progress();
    let start = Instant::now();
    loop {
        writeln!(std::io::stdout(), "\n{ROUND}{seed}").expect("the parent reads");
        round_begins(seed);
        round(seed);
        if start.elapsed() >= budget {
            break;
        }
        if !repeats {
            seed = next_seed(seed);
        }
    }
}

pub(crate) fn next_seed(seed: u64) -> u64 {
    Rng::with_seed(seed ^ 0x5eed).u64(..)
}

fn round(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let world = World::new(&mut random);
    let length = Duration::from_millis(random.u64(1..60));
    let start = Instant::now();
    for _ in 0..random.usize(1..=8) {
        start_one(&world, &mut random);
    }
    while world.live_count() > 0 && start.elapsed() < length {
        thread::sleep(Duration::from_micros(100));
    }
    world.end();
    until_none_is_left(&world);
    world.clear(&mut random);
    check_balance(&world, &mut random);
}

/// A goroutine or a thread of the crowd.
fn start_one(world: &Arc<World>, random: &mut Rng) {
    let (live, mut own, operations) = (world.live(), random.fork(), random.usize(1..120));
    let body = move || operate(&live, &mut own, operations);
    match random.u8(..4) {
        0 => drop(thread::spawn(body)),
        1 => drop(Builder::new().placement(Placement::Spread).stack_size(1 << 20).spawn(body)),
        _ => drop(Builder::new().stack_size(1 << 20).spawn(body)),
    }
}

fn operate(live: &Live, random: &mut Rng, operations: usize) {
    let world = live.world();
    for _ in 0..operations {
        if world.is_ending() {
            break;
        }
        step();
        attempt(|| world.operate(random));
        if random.u8(..16) == 0 {
            runtime::gosched();
        }
    }
}

fn until_none_is_left(world: &World) {
    while world.live_count() > 0 {
        // Somebody may have begun to wait for a condition after it was broadcast last.
        world.locks.end();
        thread::sleep(Duration::from_micros(100));
    }
}

/// All that was made is gone, also what a goroutine drops after it has ended.
fn check_balance(world: &World, random: &mut Rng) {
    let start = Instant::now();
    loop {
        // What went has started others, and put things on the shelf.
        until_none_is_left(world);
        world.clear(random);
        if !world.rules.exact {
            return;
        }
        let (values, wakers) = (world.ledger.left(), world.wakers.load(std::sync::atomic::Ordering::SeqCst));
        if values.0 == 0 && wakers == 0 {
            return;
        }
        let text =
            format!("{} values and {wakers} wakers are left: {:?}\n{}", values.0, world.rules, values.1);
        check(start.elapsed() < Duration::from_secs(10), &text);
        thread::sleep(Duration::from_micros(200));
    }
}
