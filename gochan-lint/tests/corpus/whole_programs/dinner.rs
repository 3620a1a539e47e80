//! Five philosophers: forks as channels of one, forks as locks in an order, and a waiter who seats four.

use gochan::prelude::*;
use gochan::sync::{Mutex, Semaphore};
use gochan::time::sleep;
use std::sync::Arc;
use std::time::Duration;

const SEATS: usize = 5;
const MEALS: u32 = 3;

/// A fork lies on the table when its channel holds it.
#[derive(Clone)]
struct Fork(Chan<()>);

impl Fork {
    fn new() -> Fork {
        let table = chan!((), 1);
        send!(table <- ());
        Fork(table)
    }

    fn take(&self) {
        recv!(self.0);
    }

    fn put_back(&self) {
        send!(self.0 <- ());
    }

    fn try_take(&self, patience: Duration) -> bool {
        select! {
            <-self.0 => true,
            <-after(patience) => false,
        }
    }
}

struct Philosopher {
    name: String,
    left: Fork,
    right: Fork,
}

impl Philosopher {
    fn dine(&self, ctx: &Context, eaten: &Sender<String>) {
        let mut meals = 0;
        while meals < MEALS && ctx.err().is_none() {
            self.left.take();
            if !self.right.try_take(Duration::from_millis(2)) {
                // Gives up, lest all wait for each other.
                self.left.put_back();
                sleep(Duration::from_micros(100));
                continue;
            }
            meals += 1;
            self.right.put_back();
            self.left.put_back();
            select! {
                eaten <- format!("{} {meals}", self.name) => {}
                <-ctx.done() => return,
            }
        }
    }
}

fn with_channels(ctx: &Context) -> usize {
    let forks: Vec<Fork> = (0..SEATS).map(|_| Fork::new()).collect();
    let eaten = chan!(String);
    let wg = WaitGroup::new();
    for seat in 0..SEATS {
        let philosopher = Philosopher {
            name: format!("philosopher {seat}"),
            left: forks[seat].clone(),
            right: forks[(seat + 1) % SEATS].clone(),
        };
        wg.add(1);
        go!([ctx, wg, eaten] {
            defer!(wg.done());
            philosopher.dine(&ctx, &eaten.sender());
        });
    }
    go!([wg, eaten] {
        wg.wait();
        close!(eaten);
    });
    let mut total = 0;
    while let Some(_meal) = eaten.recv() {
        total += 1;
    }
    total
}

fn with_locks() -> u32 {
    let forks: Arc<[Mutex<u32>; SEATS]> = Arc::new(std::array::from_fn(|_| Mutex::new(0)));
    let wg = WaitGroup::new();
    for seat in 0..SEATS {
        let forks = Arc::clone(&forks);
        wg.go(move || {
            let next = (seat + 1) % SEATS;
            // The lower number first: no circle.
            let (low, high) = (seat.min(next), seat.max(next));
            for _ in 0..MEALS {
                let mut first = forks[low].lock();
                let mut second = forks[high].lock();
                *first += 1;
                *second += 1;
            }
        });
    }
    wg.wait();
    forks.iter().map(|fork| *fork.lock()).sum::<u32>() / 2
}

fn with_a_waiter(ctx: &Context) -> usize {
    let chairs = Arc::new(Semaphore::new(SEATS - 1));
    let forks = [Fork::new(), Fork::new(), Fork::new(), Fork::new(), Fork::new()];
    let diners: Vec<_> = (0..SEATS)
        .map(|seat| {
            let (left, right) = (forks[seat].clone(), forks[(seat + 1) % SEATS].clone());
            let chairs = chairs.clone();
            go!([ctx] {
                for meal in 0..MEALS {
                    let Ok(_chair) = chairs.permit(&ctx, 1) else { return meal };
                    left.take();
                    right.take();
                    left.put_back();
                    right.put_back();
                }
                MEALS
            })
        })
        .collect();
    diners.into_iter().map(|diner| diner.join().map_or(0, |meals| meals as usize)).sum()
}

#[gochan::main]
fn main() {
    let (ctx, cancel) = background().with_timeout(Duration::from_secs(5));
    defer!(cancel.cancel());
    println!("{} meals with channels", with_channels(&ctx));
    println!("{} meals with locks", with_locks());
    println!("{} meals with a waiter", with_a_waiter(&ctx));
    if let Some(error) = ctx.err() {
        println!("{error}");
    }
}
