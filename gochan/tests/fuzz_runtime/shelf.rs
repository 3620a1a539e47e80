//! Things that anybody may take up, use for a while, pass on, drop or forget.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use fastrand::Rng;
use futures_core::Stream;
use gochan::JoinHandle;
use gochan::chan::RecvStream;
use gochan::context::{CancelHandle, StopHandle};
use gochan::prelude::*;
use gochan::time::{FuncTimer, Ticker, Timer};

use crate::futures::poll_here;
use crate::values::Value;
use crate::verdict::attempt;
use crate::world::{World, moment};
use crate::{channels, wakers};

/// More than this is not kept.
const ROOM: usize = 48;

pub(crate) type AnyFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) enum Item {
    Chan(Chan<Value>),
    Sender(Sender<Value>),
    Receiver(Receiver<Value>),
    Stream(RecvStream<Value>),
    Future(AnyFuture),
    Value(Value),
    Waker(Waker),
    Context(Context),
    Cancel(CancelHandle),
    Stop(StopHandle),
    Goroutine(JoinHandle<Value>),
    Times(Receiver<Instant>),
    Timer(Timer),
    Func(FuncTimer),
    Ticker(Ticker),
}

#[derive(Default)]
pub(crate) struct Shelf(Mutex<Vec<Item>>);

impl Shelf {
    fn items(&self) -> MutexGuard<'_, Vec<Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes something, if there is anything.
    pub(crate) fn take(&self, random: &mut Rng) -> Option<Item> {
        let mut items = self.items();
        (!items.is_empty()).then(|| {
            let index = random.usize(..items.len());
            items.swap_remove(index)
        })
    }

    /// Takes something of a kind.
    pub(crate) fn take_a<T>(&self, random: &mut Rng, pick: impl Fn(&Item) -> Option<T>) -> Option<T> {
        let items = self.items();
        let start = random.usize(..items.len().max(1));
        let (after, before) = (items.iter().skip(start), items.iter().take(start));
        after.chain(before).find_map(pick)
    }

    /// Puts something there; it may push something else out, which is then dropped.
    pub(crate) fn put(&self, item: Item, random: &mut Rng) {
        let mut items = self.items();
        let mut pushed_out = None;
        if items.len() >= ROOM {
            let index = random.usize(..ROOM);
            pushed_out = Some(items.swap_remove(index));
        }
        items.push(item);
        drop(items);
        drop(pushed_out);
    }

    /// Drops everything, and what is put there meanwhile.
    pub(crate) fn clear(&self, random: &mut Rng) {
        while let Some(item) = self.take(random) {
            crate::verdict::step();
            attempt(|| drop(item));
        }
    }
}

/// Takes something up, uses it without waiting, and puts it back, drops it or forgets it.
pub(crate) fn stir(world: &Arc<World>, random: &mut Rng) {
    let Some(mut item) = world.shelf.take(random) else { return };
    let keep = match use_it(world, &mut item, random) {
        true => random.u8(..3) > 0,
        false => false,
    };
    if keep {
        world.shelf.put(item, random);
    } else {
        dispose(world, item, random);
    }
}

/// Drops it, or forgets it where that is allowed.
pub(crate) fn dispose<T>(world: &World, it: T, random: &mut Rng) {
    if !world.rules.strict && random.u8(..4) == 0 {
        mem::forget(it);
    } else {
        drop(it);
    }
}

/// False if it is not to be used again.
fn use_it(world: &Arc<World>, item: &mut Item, random: &mut Rng) -> bool {
    match item {
        Item::Chan(ch) => match random.u8(..4) {
            0 => world.shelf.put(Item::Sender(ch.sender()), random),
            1 => world.shelf.put(Item::Receiver(ch.receiver()), random),
            2 => channels::try_send(world, ch, random),
            _ => channels::try_recv(ch),
        },
        Item::Sender(tx) => match random.u8(..8) {
            0 => world.shelf.put(Item::Sender(tx.clone()), random),
            1 => drop(tx.close()),
            _ => drop(tx.try_send(Value::new(world).leaves("a sender of the shelf"))),
        },
        Item::Receiver(rx) => match random.u8(..4) {
            0 => world.shelf.put(Item::Receiver(rx.clone()), random),
            1 => world.shelf.put(Item::Stream(rx.stream()), random),
            _ => drop(rx.try_recv().map(|value| value.arrives("a receiver of the shelf"))),
        },
        Item::Stream(stream) => {
            let waker = wakers::draw(world, random);
            let mut context = std::task::Context::from_waker(&waker);
            if let std::task::Poll::Ready(Some(value)) = Pin::new(stream).poll_next(&mut context) {
                drop(value.arrives("a stream of the shelf"));
            }
        }
        Item::Future(future) => return poll_here(world, random, future.as_mut()).is_pending(),
        Item::Value(value) => drop(format!("{value:?}")),
        Item::Waker(waker) => match random.u8(..3) {
            0 => waker.wake_by_ref(),
            1 => mem::replace(waker, Waker::noop().clone()).wake(),
            _ => *waker = waker.clone(),
        },
        Item::Context(ctx) => drop((ctx.err(), ctx.cause(), ctx.done().is_closed())),
        Item::Cancel(cancel) => cancel.cancel(),
        Item::Stop(stop) => drop(stop.stop()),
        Item::Goroutine(handle) => drop((handle.is_finished(), handle.id())),
        Item::Times(times) => drop(times.try_recv()),
        Item::Timer(timer) => drop(if random.bool() { timer.stop() } else { timer.reset(moment(random)) }),
        Item::Func(func) => drop(if random.bool() { func.stop() } else { func.reset(moment(random)) }),
        Item::Ticker(ticker) => drop(if random.bool() {
            ticker.stop()
        } else {
            ticker.reset(moment(random) + std::time::Duration::from_micros(20))
        }),
    }
    true
}
