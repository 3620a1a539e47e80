//! Timers, tickers and functions of the time, set anew and stopped at any moment.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::*};
use std::task::{Context, Poll};
use std::time::Duration;

use fastrand::Rng;
use futures_core::Stream;
use gochan::prelude::*;
use gochan::runtime;
use gochan::time::{self, Ticker, Timer, after_func};

use crate::shelf::{self, Item};
use crate::values::{Value, provoke};
use crate::verdict::{attempt, check};
use crate::world::{World, moment};
use crate::{futures, wakers};

/// Not so short that a ticker of the shelf keeps a worker busy.
fn period(random: &mut Rng) -> Duration {
    moment(random) + Duration::from_micros(20)
}

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    match random.u8(..12) {
        0 => time::sleep(moment(random)),
        1 => wait(random),
        2 => timer(world, random),
        3 | 4 => ticker(world, random),
        5 | 6 => polled(world, random),
        7 | 8 => functions(world, random),
        9 => {
            world.shelf.put(Item::Timer(Timer::new(moment(random))), random);
            world.shelf.put(Item::Ticker(Ticker::new(period(random))), random);
        }
        10 => world.shelf.put(Item::Times(after(moment(random))), random),
        _ => shelf::stir(world, random),
    }
}

fn wait(random: &mut Rng) {
    let d = moment(random);
    let start = time::now();
    match random.u8(..3) {
        0 => check(after(d).recv().is_some(), "the channel of a timer is closed"),
        1 => select! {
            Some(_) = <-after(d) => {}
        },
        _ => drop(after(Duration::MAX).recv_timeout(d)),
    }
    check(start.elapsed() >= d, "a timer is early");
}

fn timer(world: &Arc<World>, random: &mut Rng) {
    let timer = Timer::new(moment(random));
    for _ in 0..random.usize(..4) {
        match random.u8(..4) {
            0 => {
                timer.stop();
                check(timer.channel().try_recv().is_err(), "a stopped timer has a time");
            }
            1 => drop(timer.reset(moment(random))),
            2 => drop(timer.channel().recv_timeout(moment(random))),
            _ => {
                timer.reset(moment(random));
                check(timer.channel().recv().is_some(), "the channel of a timer is closed");
            }
        }
    }
    drop(format!("{timer:?}"));
    shelf::dispose(world, timer, random);
}

fn ticker(world: &Arc<World>, random: &mut Rng) {
    let ticker = Ticker::new(period(random));
    for _ in 0..random.usize(..4) {
        match random.u8(..4) {
            0 => drop(ticker.stop()),
            1 => drop(ticker.reset(period(random))),
            2 => select! {
                Some(_) = <-ticker.channel() => {}
                <-after(moment(random)) => {}
            },
            _ => drop(ticker.channel().recv_timeout(moment(random))),
        }
    }
    if random.u8(..8) == 0 {
        time::tick(period(random)).recv();
    }
    shelf::dispose(world, ticker, random);
}

/// The channels of timers as futures, with wakers that provoke where the time comes.
fn polled(world: &Arc<World>, random: &mut Rng) {
    let ticker = random.bool().then(|| Ticker::new(period(random)));
    let times = ticker.as_ref().map_or_else(|| after(moment(random)), |ticker| ticker.channel().clone());
    if random.bool() {
        let mut stream = times.stream();
        for _ in 0..random.usize(1..4) {
            let waker = wakers::draw(world, random);
            attempt(|| Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker)));
            pause(random);
        }
        return shelf::dispose(world, stream, random);
    }
    let mut future: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(times.recv_async());
    for _ in 0..random.usize(1..5) {
        if let Some(Poll::Ready(_)) = futures::poll(world, random, future.as_mut()) {
            break;
        }
        pause(random);
    }
    attempt(|| shelf::dispose(world, future, random));
    world.shelf.put(Item::Times(times), random);
}

fn pause(random: &mut Rng) {
    match random.u8(..4) {
        0 => time::sleep(moment(random)),
        1 => runtime::gosched(),
        _ => {}
    }
}

const RAN: u8 = 1;
const STOPPED: u8 = 2;

/// A function that was stopped does not run, unless it is set anew.
fn functions(world: &Arc<World>, random: &mut Rng) {
    let fate = Arc::new(AtomicU8::new(0));
    let (captured, told) = (Value::new(world), fate.clone());
    let weak = Arc::downgrade(world);
    let func = after_func(moment(random), move || {
        check(told.fetch_or(RAN, SeqCst) & STOPPED == 0, "a function runs that was stopped");
        let _ = captured.id();
        provoke(&weak);
    });
    pause(random);
    match random.u8(..4) {
        0 | 1 => {
            let stopped = attempt(|| func.stop()) == Some(true);
            check(
                !stopped || fate.fetch_or(STOPPED, SeqCst) & RAN == 0,
                "a function was stopped that has run",
            );
            drop(func);
        }
        2 => world.shelf.put(Item::Func(func), random),
        _ => {
            for _ in 0..random.usize(1..4) {
                func.reset(moment(random));
                pause(random);
            }
            shelf::dispose(world, func, random);
        }
    }
}
