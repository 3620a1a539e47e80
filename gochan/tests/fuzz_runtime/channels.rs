//! Channels: every form of every operation, on handles that come and go.

use std::sync::Arc;

use fastrand::Rng;
use gochan::chan::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use gochan::prelude::*;

use crate::shelf::{self, Item};
use crate::values::Value;
use crate::verdict::check;
use crate::world::{World, moment, new_channel};

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    let ch = world.channel(random);
    match random.u8(..20) {
        0..=2 => send(world, &ch, random),
        3..=5 => recv(world, &ch, random),
        6 => try_send(world, &ch, random),
        7 => try_recv(&ch),
        8 => send_timeout(world, &ch, random),
        9 => recv_timeout(&ch, random),
        10 => iterate(&ch, random),
        11 => look(&ch),
        12 => handles(world, ch, random),
        13 => private(world, random),
        14 if random.u8(..4) == 0 => close(world, &ch, random),
        14 | 15 => world.renew_channel(random),
        16 => macros(world, &ch, random),
        17 => shelf::dispose(world, ch, random),
        _ => shelf::stir(world, random),
    }
}

/// Waits at most until the round ends, which closes the channel.
fn send(world: &Arc<World>, ch: &Chan<Value>, random: &mut Rng) {
    let value = Value::new(world).leaves("send");
    let id = value.id();
    let sent = if random.bool() { ch.send(value) } else { ch.sender().send(value) };
    if let Err(SendError(back)) = sent {
        check(back.id() == id, "send gives another value back");
        back.arrives("back from send");
    }
}

fn recv(world: &Arc<World>, ch: &Chan<Value>, random: &mut Rng) {
    // Most of the time somebody is there: otherwise all of a crowd would soon wait.
    if ch.is_empty() && random.u8(..4) > 0 {
        return try_send(world, ch, random);
    }
    let received = if random.bool() { ch.recv() } else { ch.receiver().recv() };
    match received {
        Some(value) => drop(value.arrives("recv")),
        None => check(ch.is_closed(), "recv says closed of an open channel"),
    }
}

pub(crate) fn try_send(world: &Arc<World>, ch: &Chan<Value>, _: &mut Rng) {
    let value = Value::new(world).leaves("try_send");
    let id = value.id();
    if let Err(TrySendError::Full(back) | TrySendError::Closed(back)) = ch.try_send(value) {
        check(back.id() == id, "try_send gives another value back");
        back.arrives("back from try_send");
    }
}

pub(crate) fn try_recv(ch: &Chan<Value>) {
    match ch.try_recv() {
        Ok(value) => drop(value.arrives("try_recv")),
        Err(TryRecvError::Closed) => check(ch.is_closed(), "try_recv says closed of an open channel"),
        Err(TryRecvError::Empty) => {}
    }
}

fn send_timeout(world: &Arc<World>, ch: &Chan<Value>, random: &mut Rng) {
    let value = Value::new(world).leaves("send_timeout");
    let id = value.id();
    if let Err(SendTimeoutError::Timeout(back) | SendTimeoutError::Closed(back)) =
        ch.send_timeout(value, moment(random))
    {
        check(back.id() == id, "send_timeout gives another value back");
        back.arrives("back from send_timeout");
    }
}

fn recv_timeout(ch: &Chan<Value>, random: &mut Rng) {
    match ch.recv_timeout(moment(random)) {
        Ok(value) => drop(value.arrives("recv_timeout")),
        Err(RecvTimeoutError::Closed) => check(ch.is_closed(), "recv_timeout says closed of an open channel"),
        Err(RecvTimeoutError::Timeout) => {}
    }
}

fn iterate(ch: &Chan<Value>, random: &mut Rng) {
    let most = random.usize(1..4);
    match random.u8(..3) {
        0 => ch.try_iter().take(most).for_each(|value| drop(value.arrives("try_iter"))),
        1 if !ch.is_empty() => ch.iter().take(1).for_each(|value| drop(value.arrives("iter"))),
        1 => ch.receiver().try_iter().for_each(|value| drop(value.arrives("try_iter"))),
        _ => {
            // Ends when the channel closes, early if values come.
            for value in ch.clone().into_iter().take(ch.len().min(most)) {
                drop(value.arrives("into_iter"));
            }
        }
    }
}

fn look(ch: &Chan<Value>) {
    let (tx, rx) = ch.clone().split();
    check(ch.len() <= ch.capacity(), "more is buffered than fits");
    check(ch.same_channel(&tx) && tx.same_channel(&rx), "handles of one channel differ");
    let _ = (ch.is_empty(), ch.is_full(), tx.len(), rx.is_closed(), rx.capacity());
    drop((format!("{ch:?} {tx:?} {rx:?} {:?} {:?}", ch.iter(), rx.try_iter()), ch.recv_async()));
    check(Chan::<Value>::nil().is_nil() && !ch.is_nil(), "a nil channel is one that is made by `nil`");
}

fn handles(world: &Arc<World>, ch: Chan<Value>, random: &mut Rng) {
    match random.u8(..5) {
        0 => world.shelf.put(Item::Sender(ch.sender()), random),
        1 => world.shelf.put(Item::Receiver(ch.receiver()), random),
        2 => {
            let (tx, rx) = ch.split();
            world.shelf.put(Item::Sender(tx), random);
            world.shelf.put(Item::Stream(rx.stream()), random);
        }
        3 => world.shelf.put(Item::Chan(ch), random),
        _ => {
            let receivers: Vec<_> = (0..random.usize(..4)).map(|_| ch.receiver()).collect();
            shelf::dispose(world, (ch.sender(), receivers, ch), random);
        }
    }
}

/// A channel that closes when its last handles go, with values in its buffer.
fn private(world: &Arc<World>, random: &mut Rng) {
    let ch = new_channel(random);
    for _ in 0..random.usize(..4) {
        try_send(world, &ch, random);
    }
    match random.u8(..4) {
        0 => world.shelf.put(Item::Chan(ch), random),
        1 => {
            let (tx, rx) = ch.split();
            drop(tx);
            rx.into_iter().for_each(|value| drop(value.arrives("a channel without senders")));
        }
        2 => {
            let (tx, rx) = ch.split();
            drop(rx);
            let value = Value::new(world).leaves("a channel without receivers");
            let Err(SendError(back)) = tx.send(value) else { return check(false, "nobody could receive it") };
            back.arrives("back from a channel without receivers");
        }
        _ => {
            let (tx, rx) = ch.split();
            world.shelf.put(Item::Sender(tx), random);
            world.shelf.put(Item::Receiver(rx), random);
        }
    }
}

fn close(world: &Arc<World>, ch: &Chan<Value>, random: &mut Rng) {
    ch.close();
    check(!ch.close(), "a channel is closed twice");
    check(ch.is_closed(), "a closed channel says that it is open");
    let value = Value::new(world).leaves("closed");
    let Err(SendError(back)) = ch.send(value) else { return check(false, "a closed channel takes a value") };
    back.arrives("back from a closed channel");
    world.renew_channel(random);
}

fn macros(world: &Arc<World>, ch: &Chan<Value>, random: &mut Rng) {
    match random.u8(..3) {
        // Panics where the channel is closed.
        0 if !ch.is_full() => send!(ch <- Value::new(world).leaves("send!")),
        0 | 1 if !ch.is_empty() => drop(recv!(ch).arrives("recv!")),
        _ if !ch.is_empty() => {
            let (value, _) = recv!(ch, ok);
            drop(value.arrives("recv! ok"));
        }
        _ => {}
    }
}
