//! Context trees: made, ended and dropped in every order, with values, causes and functions that provoke.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::*};

use fastrand::Rng;
use gochan::context::{CancelSource, Context, ContextError, EndSignal};
use gochan::prelude::*;

use crate::futures;
use crate::shelf::{self, Item};
use crate::values::{Value, provoke};
use crate::verdict::{attempt, check};
use crate::world::{World, moment};

/// A cause that provokes when it is dropped.
struct Because(Value);

impl Error for Because {}

impl fmt::Debug for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "because of {:?}", self.0)
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One of the shelf, the world's, or none.
fn parent(world: &Arc<World>, random: &mut Rng) -> Context {
    let pick = |item: &Item| if let Item::Context(ctx) = item { Some(ctx.clone()) } else { None };
    match random.u8(..6) {
        0 => background(),
        1 | 2 => world.ctx.clone(),
        _ => world.shelf.take_a(random, pick).unwrap_or_else(|| world.ctx.clone()),
    }
}

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    let ctx = parent(world, random);
    match random.u8(..14) {
        0..=2 => {
            let (child, cancel) = match random.u8(..3) {
                0 => ctx.with_cancel(),
                1 => ctx.with_timeout(moment(random)),
                _ => ctx.with_timeout_cause(moment(random), Because(Value::new(world))),
            };
            world.shelf.put(Item::Context(child), random);
            world.shelf.put(Item::Cancel(cancel), random);
        }
        3 => ends(&ctx, world, random),
        4 | 5 => values(&ctx, world, random),
        6 | 7 => functions(&ctx, world, random),
        8 => {
            let ctx = Context::from_future(futures::any(world, random));
            world.shelf.put(Item::Context(ctx), random);
        }
        9 => source(&ctx, world, random),
        10 => look(&ctx),
        11 => wait(&ctx, world, random),
        _ => shelf::stir(world, random),
    }
}

/// What has ended has ended with all below it.
fn ends(ctx: &Context, world: &Arc<World>, random: &mut Rng) {
    let (child, cancel) = ctx.with_cancel_cause();
    let (below, also) = child.with_value(1_u8).with_timeout(std::time::Duration::from_secs(600));
    let apart = below.without_cancel();
    if random.bool() {
        cancel.clone().cancel_cause(Because(Value::new(world)));
    } else {
        attempt(|| cancel.cancel());
    }
    check(child.err().is_some() && below.err().is_some(), "a context goes on below one that has ended");
    check(
        child.done().is_closed() && below.done().is_closed(),
        "a context has ended, and its channel has not",
    );
    check(
        child.cause().is_some() && apart.err().is_none(),
        "a cause is missing, or a context ended that cannot",
    );
    let mut all = vec![Item::Context(child), Item::Context(below), Item::Cancel(cancel), Item::Cancel(also)];
    random.shuffle(&mut all);
    all.into_iter().for_each(|item| {
        attempt(|| drop(item));
    });
}

fn values(ctx: &Context, world: &Arc<World>, random: &mut Rng) {
    let value = Value::new(world);
    let id = value.id();
    let ctx = ctx.with_value(value);
    check(ctx.value::<Value>().is_some_and(|found| found.id() == id), "a context has another value");
    world.shelf.put(Item::Context(ctx), random);
}

const RAN: u8 = 1;
const STOPPED: u8 = 2;

/// A function that was stopped does not run.
fn functions(ctx: &Context, world: &Arc<World>, random: &mut Rng) {
    let fate = Arc::new(AtomicU8::new(0));
    let (captured, told) = (Value::new(world), fate.clone());
    let weak = Arc::downgrade(world);
    let stop = ctx.after_func(move || {
        check(told.fetch_or(RAN, SeqCst) & STOPPED == 0, "a function runs that was stopped");
        drop(captured);
        provoke(&weak);
    });
    if random.bool() {
        runtime_pause(random);
        let stopped = attempt(|| stop.stop()) == Some(true);
        check(!stopped || fate.fetch_or(STOPPED, SeqCst) & RAN == 0, "a function was stopped that has run");
    }
    world.shelf.put(Item::Stop(stop), random);
}

fn runtime_pause(random: &mut Rng) {
    if random.bool() {
        gochan::runtime::gosched();
    }
}

/// A source that ends from a goroutine, at once, or when it is dropped.
struct Source {
    world: Arc<World>,
    how: u8,
}

struct Watch {
    end: Option<EndSignal>,
    _value: Value,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.end(ContextError::Canceled);
        }
    }
}

impl CancelSource for Source {
    type Watch = Watch;

    fn watch(self, end: EndSignal) -> Watch {
        let value = Value::new(&self.world);
        match self.how {
            0 => end.end_cause(ContextError::Canceled, Because(Value::new(&self.world))),
            1 => {
                let (live, end) = (self.world.live(), end.clone());
                go!({
                    end.end(ContextError::DeadlineExceeded);
                    drop(live);
                });
            }
            _ => {}
        }
        provoke(&Arc::downgrade(&self.world));
        Watch { end: (self.how == 2).then_some(end), _value: value }
    }
}

fn source(ctx: &Context, world: &Arc<World>, random: &mut Rng) {
    let source = Source { world: world.clone(), how: random.u8(..4) };
    let ctx = match random.u8(..3) {
        0 => ctx.with_source(source),
        1 => Context::from_source(source),
        _ => ctx.with_source(world.ctx.done().clone()),
    };
    world.shelf.put(Item::Context(ctx), random);
}

fn look(ctx: &Context) {
    drop((format!("{ctx} {ctx:?} {:?} {:?}", ctx.cause(), ctx.err()), ctx.deadline(), ctx.check()));
    if let Some(cause) = ctx.cause() {
        drop((cause.is::<Because>(), cause.to_string(), cause.clone()));
    }
    let _ = (ctx.value::<Value>().map(Value::id), ctx.value::<String>());
}

fn wait(ctx: &Context, world: &Arc<World>, random: &mut Rng) {
    match random.u8(..3) {
        0 => drop(ctx.done().recv_timeout(moment(random))),
        1 => {
            let (below, _cancel) = ctx.with_timeout(moment(random));
            below.done().recv();
            check(below.err().is_some(), "a context without an error is done");
        }
        _ => {
            with_context!((inner, cancel) = ctx.with_cancel() => {
                let live = world.live();
                go!([inner] {
                    inner.done().recv();
                    drop(live);
                });
                if random.bool() {
                    cancel.cancel();
                }
                drop(inner);
            });
        }
    }
}
