//! Futures and streams of channels: polled by hand with wakers of every kind, from anywhere, then dropped or leaked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use fastrand::Rng;
use futures_core::Stream;
use gochan::chan::SendError;
use gochan::prelude::*;
use gochan::runtime;

use crate::shelf::{self, AnyFuture, Item};
use crate::values::Value;
use crate::verdict::{attempt, check, discard};
use crate::world::{World, new_channel};
use crate::{channels, mischief, wakers};

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    let ch = if random.u8(..4) == 0 { new_channel(random) } else { world.channel(random) };
    match random.u8(..8) {
        0 | 1 => receive(world, ch, random),
        2 | 3 => send(world, ch, random),
        4 => stream(world, ch, random),
        5 => {
            let future = any(world, random);
            world.shelf.put(Item::Future(future), random);
        }
        6 if runtime::current_id().is_none() => wait(world, ch, random),
        _ => shelf::stir(world, random),
    }
}

/// Polls with a waker drawn at random.
pub(crate) fn poll_here<F: Future + ?Sized>(
    world: &Arc<World>,
    random: &mut Rng,
    future: Pin<&mut F>,
) -> Poll<F::Output> {
    let waker = wakers::draw(world, random);
    let outcome = future.poll(&mut Context::from_waker(&waker));
    shelf::dispose(world, waker, random);
    outcome
}

/// Polls here, in a goroutine of a scope, or on a thread for blocking calls. `None` if that panics.
pub(crate) fn poll<F>(world: &Arc<World>, random: &mut Rng, future: Pin<&mut F>) -> Option<Poll<F::Output>>
where
    F: Future + Send + ?Sized,
    F::Output: Send,
{
    let mut own = random.fork();
    match random.u8(..6) {
        0 => gochan::scope(|scope| {
            scope.go(|| poll_here(world, &mut own, future)).join().map_err(discard).ok()
        }),
        1 => attempt(|| gochan::blocking(|| poll_here(world, &mut own, future))),
        _ => attempt(|| poll_here(world, &mut own, future)),
    }
}

/// Something of the other side of the channel happens, or something else.
fn meanwhile(world: &Arc<World>, ch: &Chan<Value>, random: &mut Rng) {
    attempt(|| match random.u8(..8) {
        0 | 1 => channels::try_send(world, ch, random),
        2 | 3 => channels::try_recv(ch),
        4 => mischief::act(world),
        5 if random.u8(..4) == 0 => drop(ch.close()),
        _ => runtime::gosched(),
    });
}

fn receive(world: &Arc<World>, ch: Chan<Value>, random: &mut Rng) {
    let mut future = Box::pin(ch.recv_async());
    for _ in 0..random.usize(..5) {
        match poll(world, random, future.as_mut()) {
            Some(Poll::Ready(Some(value))) => drop(value.arrives("recv_async")),
            Some(Poll::Ready(None)) => check(ch.is_closed(), "recv_async says closed of an open channel"),
            Some(Poll::Pending) | None => {}
        }
        meanwhile(world, &ch, random);
    }
    attempt(|| shelf::dispose(world, future, random));
}

fn send(world: &Arc<World>, ch: Chan<Value>, random: &mut Rng) {
    let value = Value::new(world).leaves("send_async");
    let id = value.id();
    let mut future = Box::pin(ch.send_async(value));
    for _ in 0..random.usize(..5) {
        match poll(world, random, future.as_mut()) {
            Some(Poll::Ready(Err(SendError(back)))) => {
                check(back.id() == id, "send_async gives another value back");
                drop(back.arrives("back from send_async"));
                break;
            }
            // It panics when it is polled again.
            Some(Poll::Ready(Ok(()))) if random.bool() => break,
            _ => {}
        }
        meanwhile(world, &ch, random);
    }
    attempt(|| shelf::dispose(world, future, random));
}

fn stream(world: &Arc<World>, ch: Chan<Value>, random: &mut Rng) {
    let mut stream = ch.stream();
    for _ in 0..random.usize(..6) {
        let waker = wakers::draw(world, random);
        let next = attempt(|| Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker)));
        match next {
            Some(Poll::Ready(Some(value))) => drop(value.arrives("a stream")),
            Some(Poll::Ready(None)) => check(ch.is_closed(), "a stream ends of an open channel"),
            Some(Poll::Pending) | None => {}
        }
        meanwhile(world, &ch, random);
        // A stream moves between polls.
        let moved = Box::new(stream);
        stream = *moved;
    }
    if random.bool() {
        world.shelf.put(Item::Stream(stream), random);
    } else {
        shelf::dispose(world, stream, random);
    }
}

/// A future of several steps that owns its channels.
pub(crate) fn any(world: &Arc<World>, random: &mut Rng) -> AnyFuture {
    let (a, b) = (world.channel(random), world.channel(random));
    match random.u8(..4) {
        0 => Box::pin(async move {
            while let Some(value) = a.recv_async().await {
                drop(value.arrives("an async block"));
            }
        }),
        1 => {
            let value = Value::new(world).leaves("an async block");
            Box::pin(async move {
                if let Err(SendError(back)) = a.send_async(value).await {
                    drop(back.arrives("back from an async block"));
                }
            })
        }
        2 => Box::pin(async move {
            let Some(value) = a.recv_async().await else { return };
            let value = value.arrives("a relay").leaves("a relay");
            if let Err(SendError(back)) = b.send_async(value).await {
                drop(back.arrives("back from a relay"));
            }
        }),
        _ => {
            let ctx = world.ctx.clone();
            Box::pin(async move {
                let mut select = gochan::Select::new();
                let (first, done) = (select.recv(&a), select.recv(ctx.done()));
                loop {
                    let chosen = select.wait_async().await;
                    if chosen.index() == done.index() {
                        break;
                    }
                    let Some(value) = chosen.recv(first) else { break };
                    drop(value.arrives("an async select"));
                }
            })
        }
    }
}

/// Runs a future to its end on a thread, as an executor does. The end of the round closes the channel.
fn wait(world: &Arc<World>, ch: Chan<Value>, random: &mut Rng) {
    if random.bool() {
        channels::try_send(world, &ch, random);
    }
    // One of this operation alone would not close.
    let ch = if ch.is_empty() { world.channel(random) } else { ch };
    if let Some(value) = pollster::block_on(ch.recv_async()) {
        drop(value.arrives("block_on"));
    }
}
