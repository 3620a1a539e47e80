//! One deadline for the loop, a limit for each turn, and timers that go on with the loop.

use gochan::prelude::*;
use gochan::time::{self, after};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);

fn quorum(yes: &Receiver<Vote>, no: &Receiver<Vote>, needed: usize) -> Result<usize, Timeout> {
    let deadline = after(LIMIT);
    let mut votes = 0;
    while votes < needed {
        select! {
            vote = <-yes => votes += vote.weight(),
            vote = <-no => println!("{vote:?} against"),
            <-deadline => return Err(Timeout),
        }
    }
    Ok(votes)
}

/// The timer is a pause, not an end.
fn poll(commands: &Receiver<Command>, events: &Receiver<Event>) {
    loop {
        select! {
            Some(command) = <-commands else { return } => run(command),
            event = <-events => log(event),
            <-after(Duration::from_millis(100)) => refresh(),
        }
    }
}

/// Each answer has its own time.
fn ask_all(peers: &[Peer]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for peer in peers {
        select! {
            answer = <-peer.ask() => answers.push(answer),
            <-time::after(LIMIT) => return answers,
        }
    }
    answers
}

/// A debounce: the timer is meant to start anew.
fn settle(changes: &Receiver<Change>) {
    loop {
        select! {
            change = <-changes => note(change),
            <-after(Duration::from_millis(20)) => break,
        }
    }
}

fn a_loop_around_one_wait(a: &Receiver<u32>, b: &Receiver<u32>) {
    let wait = || {
        select! {
            n = <-a => work(n),
            n = <-b => work(n),
            <-after(LIMIT) => {}
        }
    };
    for _ in 0..3 { wait(); }
}
