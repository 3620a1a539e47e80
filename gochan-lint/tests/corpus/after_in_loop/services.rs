//! Loops over several channels whose timeout is meant for the whole loop, and starts anew on each turn.

use gochan::prelude::*;
use gochan::time::{self, after};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);

/// Collects votes until there are enough.
fn quorum(yes: &Receiver<Vote>, no: &Receiver<Vote>, needed: usize) -> Result<usize, Timeout> {
    let mut votes = 0;
    while votes < needed {
        select! {
            vote = <-yes => votes += vote.weight(),
            vote = <-no => println!("{vote:?} against"),
            <-after(LIMIT) => return Err(Timeout), //~ after_in_loop
        }
    }
    Ok(votes)
}

struct Merger { left: Receiver<u64>, right: Receiver<u64>, out: Sender<u64> }

impl Merger {
    fn run(&self) {
        loop {
            select! {
                Some(n) = <-self.left else { break } => send!(self.out <- n),
                Some(n) = <-self.right else { break } => send!(self.out <- n),
                <-time::after(Duration::from_secs(60)) => break, //~ after_in_loop
            }
        }
    }
}

fn drain(input: &Receiver<Job>, output: &Sender<Job>, held: Job) -> Option<Job> {
    let mut held = held;
    for _ in 0..100 {
        select! {
            output <- held.clone() => return None,
            next = <-input => held = held.merge(next),
            <-gochan::time::after(LIMIT) => return Some(held), //~ after_in_loop
        }
    }
    Some(held)
}

/// A send and a timer: the send comes to nothing at its turn, and the wait begins again.
fn broadcast(subscribers: &[Sender<Event>], event: &Event, stop: &Receiver<()>) -> usize {
    let mut reached = 0;
    'all: for subscriber in subscribers {
        select! {
            subscriber <- event.clone() => reached += 1,
            <-stop => break 'all,
            <-after(LIMIT) => break 'all, //~ after_in_loop
        }
    }
    reached
}

fn shutdown(workers: Receiver<usize>, signals: Receiver<Signal>, mut running: usize) -> bool {
    loop {
        if running == 0 { return true; }
        select! {
            Some(_) = <-workers else { return true } => running -= 1,
            signal = <-signals => println!("{signal:?} again"),
            <-after(Duration::from_secs(30)) => { println!("{running} left"); return false } //~ after_in_loop
        }
    }
}

fn in_goroutine(a: Receiver<u32>, b: Receiver<u32>) {
    go!([a, b] {
        let mut sum = 0;
        loop {
            select! {
                n = <-a => sum += n,
                n = <-b => sum += n,
                <-after(LIMIT) => break, //~ after_in_loop
            }
        }
        println!("{sum}");
    });
}
