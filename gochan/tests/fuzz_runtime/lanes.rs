//! Lanes: channels whose senders and receivers are known, so that each value must arrive, and in order.

use std::sync::Arc;
use std::thread;

use fastrand::Rng;
use gochan::chan::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};
use gochan::prelude::*;
use gochan::{JoinHandle, runtime};

use crate::values::Value;
use crate::verdict::{check, discard, step};
use crate::world::{Live, World, moment, new_channel};

enum Running<T> {
    Goroutine(JoinHandle<T>),
    Thread(thread::JoinHandle<T>),
}

impl<T: Send + 'static> Running<T> {
    fn start(random: &mut Rng, body: impl FnOnce() -> T + Send + 'static) -> Running<T> {
        match random.u8(..4) {
            0 => Running::Thread(thread::spawn(body)),
            _ => Running::Goroutine(go!(body())),
        }
    }

    fn join(self) -> Option<T> {
        let ended = match self {
            Running::Goroutine(handle) => handle.join(),
            // Others need the worker meanwhile.
            Running::Thread(handle) => gochan::blocking(|| handle.join()),
        };
        ended.map_err(discard).ok()
    }
}

/// Every value of every sender comes to one receiver, and each receiver sees those of one sender in order.
pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    let (tx, rx) = new_channel(random).split();
    let values = random.u32(1..40);
    let senders: Vec<_> = (0..random.u32(1..=3))
        .map(|sender| {
            let (live, tx, mut own) = (world.live(), tx.clone(), random.fork());
            Running::start(random, move || send_all(&live, &tx, sender, values, &mut own))
        })
        .collect();
    let receivers: Vec<_> = (0..random.usize(1..=3))
        .map(|_| {
            let (rx, mut own) = (rx.clone(), random.fork());
            Running::start(random, move || receive_all(&rx, &mut own))
        })
        .collect();
    drop((tx, rx));
    let sent = senders.len() as u32 * values;
    senders.into_iter().for_each(|sender| check(sender.join().is_some(), "a sender of a lane panics"));
    let received: u32 = receivers.into_iter().map(|receiver| receiver.join().unwrap_or_default()).sum();
    check(received == sent, "values of a lane are lost");
}

fn send_all(live: &Live, tx: &Sender<Value>, sender: u32, values: u32, random: &mut Rng) {
    for number in 0..values {
        step();
        let mut value = Value::tame(live.world(), (sender, number)).leaves("a lane");
        loop {
            value = match random.u8(..6) {
                0 => match tx.try_send(value) {
                    Ok(()) => break,
                    Err(TrySendError::Full(back) | TrySendError::Closed(back)) => back,
                },
                1 => match tx.send_timeout(value, moment(random)) {
                    Ok(()) => break,
                    Err(SendTimeoutError::Timeout(back) | SendTimeoutError::Closed(back)) => back,
                },
                2 => {
                    let sent = select! {
                        sent = tx <- value => sent,
                        <-after(moment(random)) => continue,
                    };
                    match sent {
                        Ok(()) => break,
                        Err(error) => error.into_inner(),
                    }
                }
                _ => match tx.send(value) {
                    Ok(()) => break,
                    Err(error) => error.into_inner(),
                },
            };
            runtime::gosched();
        }
    }
}

fn receive_all(rx: &Receiver<Value>, random: &mut Rng) -> u32 {
    let (mut next, mut count) = ([0; 4], 0);
    let mut note = |value: Value| {
        let (sender, number) = value.arrives("a lane").order();
        check(number >= next[sender as usize], "a lane is out of order");
        next[sender as usize] = number + 1;
        count += 1;
    };
    loop {
        step();
        match random.u8(..6) {
            0 => match rx.try_recv() {
                Ok(value) => note(value),
                Err(TryRecvError::Closed) => return count,
                Err(TryRecvError::Empty) => runtime::gosched(),
            },
            1 => match rx.recv_timeout(moment(random)) {
                Ok(value) => note(value),
                Err(RecvTimeoutError::Closed) => return count,
                Err(RecvTimeoutError::Timeout) => {}
            },
            2 => {
                select! {
                    Some(value) = <-rx => note(value),
                    <-after(moment(random)) => {}
                    else => return count,
                }
            }
            3 => rx.try_iter().take(2).for_each(&mut note),
            _ => match rx.recv() {
                Some(value) => note(value),
                None => return count,
            },
        }
    }
}
