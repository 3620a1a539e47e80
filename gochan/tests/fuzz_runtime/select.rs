//! `select!` with all kinds of arms, and `Select` sets that are used again in every way.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use fastrand::Rng;
use gochan::chan::SendError;
use gochan::prelude::*;
use gochan::{RecvArm, Select, Selected, SendArm};

use crate::values::{Value, provoke};
use crate::verdict::{attempt, check};
use crate::world::{World, moment, new_channel};
use crate::{channels, futures, shelf};

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    match random.u8(..6) {
        0 | 1 => at_once(world, random),
        2 => waiting(world, random),
        3 => loops(world, random),
        _ => set(world, random),
    }
}

/// A value whose making may panic, as an operand.
fn operand(world: &Arc<World>) -> Value {
    provoke(&Arc::downgrade(world));
    Value::new(world).leaves("an arm")
}

fn sent(result: Result<(), SendError<Value>>) {
    if let Err(SendError(back)) = result {
        drop(back.arrives("back from an arm"));
    }
}

/// Those that never wait.
fn at_once(world: &Arc<World>, random: &mut Rng) {
    let (a, b, c) = (world.channel(random), world.channel(random), world.channel(random));
    let (yes, nil) = (random.bool(), random.bool().then(|| a.receiver()));
    match random.u8(..5) {
        0 => select! {
            v = <-a => drop(v.arrives("v = <-a")),
            default => {}
        },
        1 => select! {
            Some(v) = <-a, if yes => drop(v.arrives("Some(v)")),
            Some(v) = <-&b => drop(v.arrives("a reference")),
            default => {}
        },
        2 => select! {
            biased;
            r = a <- operand(world), if yes => sent(r),
            <-b => {}
            Some(v) = <-nil else {} => drop(v.arrives("else")),
            default => {}
        },
        3 => {
            let value = Value::new(world).leaves("a place");
            select! {
                r = a <- value, if yes => sent(r),
                r = b <- operand(world) => sent(r),
                v, _ok = <-c => drop(v.arrives("v, ok")),
                Some(v) = <-nil => drop(v.arrives("an Option")),
                default => {}
            }
        }
        // Panics where `a` is closed.
        _ => select! {
            a <- operand(world) => {}
            v = <-c => drop(v.arrives("v = <-c")),
            <-world.ctx.done() => {}
            default => {}
        },
    }
}

/// Those that wait: for a moment, or for the end of the round.
fn waiting(world: &Arc<World>, random: &mut Rng) {
    let (a, b, c) = (world.channel(random), world.channel(random), world.channel(random));
    let (yes, d) = (random.bool(), moment(random));
    match random.u8(..5) {
        0 => select! {
            v = <-a => drop(v.arrives("v = <-a")),
            <-after(d) => {}
        },
        1 => {
            let value = Value::new(world).leaves("a place");
            select! {
                r = a <- value => sent(r),
                Some(v) = <-b => drop(v.arrives("Some(v)")),
                <-after(d) => drop(value.arrives("still here")),
            }
        }
        2 => select! {
            biased;
            Some(v) = <-a, if yes => drop(v.arrives("Some(v)")),
            Some(v) = <-a => drop(v.arrives("Some(v) again")),
            r = a <- operand(world), if !yes => sent(r),
            <-after(d) => {}
        },
        3 => {
            let ctx = world.ctx.with_timeout(d);
            select! {
                r = a <- operand(world) => sent(r),
                r = b <- operand(world) => sent(r),
                v, ok = <-c => drop((v.arrives("v, ok"), ok)),
                <-ctx.0.done() => {}
            }
        }
        _ => {
            let times = after(d);
            select! {
                Some(v) = <-a, if yes => drop(v.arrives("Some(v)")),
                <-times => {}
                else => {}
            }
        }
    }
}

/// A relay, until its context ends or nothing is on any more.
fn loops(world: &Arc<World>, random: &mut Rng) {
    let (a, b, out) = (world.channel(random), world.channel(random), world.channel(random));
    let (ctx, _cancel) = world.ctx.with_timeout(moment(random));
    let mut held: Option<Value> = None;
    loop {
        crate::verdict::step();
        if let Some(value) = held.take() {
            let value = value.leaves("relay");
            select! {
                r = out <- value => sent(r),
                <-ctx.done() => {
                    drop(value.arrives("not relayed"));
                    break;
                }
            }
            continue;
        }
        held = select! {
            Some(v) = <-a => Some(v.arrives("relay a")),
            Some(v) = <-b => Some(v.arrives("relay b")),
            <-ctx.done() => break,
            else => break,
        };
    }
}

/// The arms of a set.
#[derive(Clone, Copy)]
enum Known {
    Recv(RecvArm<Value>),
    Send(SendArm<Value>),
    Done(RecvArm<()>),
}

struct Set<'a> {
    world: &'a Arc<World>,
    select: Select<'a>,
    arms: Vec<Known>,
    /// It has an arm that is ready at the end of the round.
    ends: bool,
}

/// A set over few channels, some of which it has more than once.
fn set(world: &Arc<World>, random: &mut Rng) {
    let channels: Vec<Chan<Value>> = (0..random.usize(1..=4))
        .map(|_| if random.u8(..4) == 0 { new_channel(random) } else { world.channel(random) })
        .collect();
    use_set(world, &channels, random);
    attempt(|| drop(channels));
}

fn use_set<'a>(world: &'a Arc<World>, channels: &'a [Chan<Value>], random: &mut Rng) {
    let select = if random.bool() { Select::new() } else { Select::new().biased() };
    let mut set = Set { world, select, arms: Vec::new(), ends: false };
    for _ in 0..random.usize(1..=6) {
        attempt(|| set.add(&channels[random.usize(..channels.len())], random));
    }
    for _ in 0..random.usize(1..10) {
        crate::verdict::step();
        attempt(|| set.use_once(channels, random));
        // A set moves between its uses.
        let moved = Box::new(set);
        set = *moved;
    }
    attempt(|| shelf::dispose(world, set.select, random));
}

impl<'a> Set<'a> {
    fn add(&mut self, ch: &'a Chan<Value>, random: &mut Rng) {
        self.arms.push(match random.u8(..3) {
            0 => Known::Send(self.select.send(ch, Value::new(self.world).leaves("a set"))),
            1 if random.bool() => {
                self.ends = true;
                Known::Done(self.select.recv(self.world.ctx.done()))
            }
            _ => Known::Recv(self.select.recv(ch)),
        });
    }

    fn use_once(&mut self, channels: &'a [Chan<Value>], random: &mut Rng) {
        let ch = &channels[random.usize(..channels.len())];
        match random.u8(..12) {
            0..=2 => {
                if let Some(chosen) = self.select.try_wait() {
                    take(self.world, chosen, &self.arms, random);
                }
            }
            3..=5 => {
                if let Some(chosen) = self.select.wait_timeout(moment(random)) {
                    take(self.world, chosen, &self.arms, random);
                }
            }
            6 | 7 => self.poll(ch, random),
            8 if self.ends && random.bool() => {
                let chosen = self.select.wait();
                take(self.world, chosen, &self.arms, random);
            }
            8 => {
                let index = random.usize(..self.arms.len().max(1));
                if index < self.arms.len() {
                    self.ends &= !matches!(self.arms[index], Known::Done(_));
                    self.select.remove(index);
                }
            }
            9 | 10 => self.refill(random),
            11 if self.arms.len() < 12 => self.add(ch, random),
            _ => channels::try_send(self.world, ch, random),
        }
    }

    fn refill(&mut self, random: &mut Rng) {
        let sends: Vec<_> = self
            .arms
            .iter()
            .filter_map(|arm| if let Known::Send(arm) = arm { Some(*arm) } else { None })
            .collect();
        if !sends.is_empty() {
            let arm = sends[random.usize(..sends.len())];
            self.select.refill(arm, Value::new(self.world).leaves("refill"));
        }
    }

    /// Waits as a task does, which loses interest or not.
    fn poll(&mut self, ch: &Chan<Value>, random: &mut Rng) {
        let mut future = Box::new(self.select.wait_async());
        for _ in 0..random.usize(..4) {
            let Some(Poll::Ready(chosen)) = futures_poll(self.world, random, Pin::new(&mut *future)) else {
                channels::try_send(self.world, ch, random);
                channels::try_recv(ch);
                let moved = *future;
                future = Box::new(moved);
                continue;
            };
            return take(self.world, chosen, &self.arms, random);
        }
        shelf::dispose(self.world, future, random);
    }
}

/// `Selected` is not `Send`, so here only.
fn futures_poll<F: Future>(
    world: &Arc<World>,
    random: &mut Rng,
    future: Pin<&mut F>,
) -> Option<Poll<F::Output>> {
    attempt(|| futures::poll_here(world, random, future))
}

/// Asks the right arm for its result, or a wrong one, or nobody.
fn take(world: &World, chosen: Selected<'_, '_>, arms: &[Known], random: &mut Rng) {
    let index = chosen.index();
    let arm = match random.u8(..8) {
        0 => return shelf::dispose(world, chosen, random),
        1 => random.usize(..arms.len()),
        _ => index,
    };
    check(index < arms.len(), "an arm is chosen that is not there");
    match arms[arm] {
        Known::Recv(token) => drop(chosen.recv(token).map(|value| value.arrives("a set"))),
        Known::Send(token) => sent(chosen.send(token)),
        Known::Done(token) => drop(chosen.recv(token)),
    }
}
