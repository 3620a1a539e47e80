//! Goroutines: every way to start one, to end, and to be waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;

use fastrand::Rng;
use gochan::prelude::*;
use gochan::{Builder, Placement, runtime};

use crate::shelf::{self, Item};
use crate::values::{Value, provoke, unwind};
use crate::verdict::{attempt, check, discard, step};
use crate::world::{Live, World};

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    if world.live_count() > 200 {
        return runtime::gosched();
    }
    match random.u8(..12) {
        0 | 1 => join(world, random),
        2 => detached(world, random),
        3 | 4 => scoped(world, random),
        5 | 6 => waitgroup(world, random),
        7 => blocking(world, random, 2),
        8 => shelved(world, random),
        9 => look(random),
        10 => closures(world, random),
        _ => runtime::gosched(),
    }
}

fn builder(random: &mut Rng) -> Builder {
    let placement = match random.u8(..4) {
        0 => Placement::Auto,
        1 => Placement::Local,
        2 => Placement::Spread,
        _ => Placement::Worker(random.usize(..6)),
    };
    let builder = Builder::new().placement(placement);
    let builder = if random.bool() { builder.name(format!("fuzz {}", random.u8(..))) } else { builder };
    builder.stack_size([256 << 10, 300_000, 512 << 10, 1 << 20, 3 << 20][random.usize(..5)])
}

/// What a goroutine does: some operations, and an end of one kind or another.
fn body(live: &Live, random: &mut Rng) -> Value {
    let world = live.world();
    let result = Value::new(world);
    for _ in 0..random.usize(..4) {
        if world.is_ending() {
            break;
        }
        step();
        attempt(|| world.operate(random));
    }
    if random.u8(..4) == 0 {
        provoke(&Arc::downgrade(world));
        if world.rules.panics {
            unwind(world.clone());
        }
    }
    result
}

fn join(world: &Arc<World>, random: &mut Rng) {
    let (live, mut own) = (world.live(), random.fork());
    let handle = builder(random).spawn(move || body(&live, &mut own));
    check(handle.id() > 0, "a goroutine has an id");
    if random.bool() {
        while !handle.is_finished() && !world.is_ending() {
            runtime::gosched();
        }
    }
    match handle.join() {
        Ok(value) => drop(value),
        Err(payload) => discard(payload),
    }
}

fn detached(world: &Arc<World>, random: &mut Rng) {
    let (live, mut own, ch) = (world.live(), random.fork(), world.channel(random));
    let waits = random.bool();
    let handle = builder(random).spawn(move || {
        let value = body(&live, &mut own);
        (value, waits.then_some(Waits { ch, live }))
    });
    // Not forgotten: the round waits for the end of its result.
    drop(handle);
}

/// A result whose destructor waits until the round ends.
struct Waits {
    ch: Chan<Value>,
    live: Live,
}

impl Drop for Waits {
    fn drop(&mut self) {
        if !self.live.world().is_ending() && !thread::panicking() {
            attempt(|| drop(self.ch.recv().map(|value| value.arrives("a destructor"))));
        }
    }
}

fn shelved(world: &Arc<World>, random: &mut Rng) {
    let (live, mut own) = (world.live(), random.fork());
    let handle = go!({ body(&live, &mut own) });
    world.shelf.put(Item::Goroutine(handle), random);
}

/// Children that borrow; the scope ends after the last of them, however they end.
fn scoped(world: &Arc<World>, random: &mut Rng) {
    let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    struct Ends<'a>(&'a AtomicUsize);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let borrowed = Value::tame(world, (0, 0));
    attempt(|| {
        gochan::scope(|scope| {
            for _ in 0..random.usize(..5) {
                let (live, mut own, ended) = (world.live(), random.fork(), &ended);
                let (borrowed, begun) = (&borrowed, &begun);
                begun.fetch_add(1, SeqCst);
                let child = scope.go(move || {
                    let _ends = Ends(ended);
                    if own.u8(..4) == 0 {
                        scope.go(move || {
                            provoke(&Arc::downgrade(world));
                            borrowed.id()
                        });
                    }
                    drop(body(&live, &mut own));
                    borrowed.id()
                });
                match random.u8(..3) {
                    0 => match child.join() {
                        Ok(id) => check(id == borrowed.id(), "a child sees another value"),
                        Err(payload) => discard(payload),
                    },
                    1 => shelf::dispose(world, child, random),
                    _ => {
                        child.is_finished();
                    }
                }
            }
            provoke(&Arc::downgrade(world));
        });
    });
    check(begun.load(SeqCst) == ended.load(SeqCst), "a scope ends before its children");
}

fn waitgroup(world: &Arc<World>, random: &mut Rng) {
    let wg = WaitGroup::new();
    let ended = Arc::new(AtomicUsize::new(0));
    let tasks = random.usize(..6);
    for _ in 0..tasks {
        let (live, ended, mut own) = (world.live(), ended.clone(), random.fork());
        match random.u8(..3) {
            0 => drop(wg.go(move || {
                ended.fetch_add(1, SeqCst);
                body(&live, &mut own)
            })),
            1 => {
                wg.add(1);
                go!([wg] {
                    attempt(|| drop(body(&live, &mut own)));
                    ended.fetch_add(1, SeqCst);
                    wg.done();
                });
            }
            _ => {
                wg.add(1);
                let wg = wg.clone();
                thread::spawn(move || {
                    ended.fetch_add(1, SeqCst);
                    wg.done();
                    drop(live);
                });
            }
        }
    }
    for _ in 0..random.usize(..3) {
        let live = world.live();
        go!([wg] {
            wg.wait();
            drop(live);
        });
    }
    wg.wait();
    check(ended.load(SeqCst) == tasks, "a WaitGroup lets one pass too early");
    drop(format!("{wg:?}"));
}

fn blocking(world: &Arc<World>, random: &mut Rng, deep: u8) {
    let borrowed = Value::tame(world, (0, 0));
    let id = gochan::blocking(|| {
        if deep > 0 && random.bool() {
            attempt(|| blocking(world, random, deep - 1));
        }
        if random.bool() {
            attempt(|| world.operate(random));
        }
        provoke(&Arc::downgrade(world));
        borrowed.id()
    });
    check(id == borrowed.id(), "a blocking call returns something else");
}

/// Closures whose destructors provoke, run or not.
fn closures(world: &Arc<World>, random: &mut Rng) {
    let captured = Value::new(world);
    let live = world.live();
    let handle = builder(random).spawn(move || {
        let _live = live;
        defer!(runtime::gosched());
        let result = Value::new(_live.world());
        drop(captured);
        result
    });
    match random.u8(..3) {
        0 => drop(handle.join().map_err(discard)),
        1 => world.shelf.put(Item::Goroutine(handle), random),
        _ => shelf::dispose(world, handle, random),
    }
}

fn look(random: &mut Rng) {
    match random.u8(..5) {
        0 => drop(runtime::goroutines()),
        1 => drop(runtime::dump()),
        2 => drop(format!("{:?}", runtime::metrics())),
        3 => drop(runtime::profile().to_json()),
        _ => drop((runtime::num_goroutine(), runtime::current_id())),
    }
}
