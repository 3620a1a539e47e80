//! Arms that look alike and are not.

use gochan::prelude::*;

struct Node { inbox: Receiver<Message>, peer: Peer, control: Receiver<Command>, state: State }

impl Node {
    fn run(&mut self, ctx: &Context, parent: &Context) {
        loop {
            select! {
                Some(message) = <-self.inbox else { return } => self.state.apply(message),
                Some(message) = <-self.peer.inbox else { return } => self.state.apply(message),
                Some(command) = <-self.control else { return } => self.state.run(command),
                <-ctx.done() => return,
                <-parent.done() => return,
            }
        }
    }
}

/// One arm for each state, with guards that exclude each other.
fn gated(jobs: &Receiver<Job>, open: bool) {
    select! {
        job = <-jobs, if open => run(job),
        job = <-jobs, if !open => defer_job(job),
        default => {}
    }
}

/// The classic of random bits: two sends of different values.
fn bits(out: &Sender<u8>) {
    for _ in 0..8 {
        select! {
            out <- 0 => {}
            out <- 1 => {}
        }
    }
}

fn forwards(up: &Chan<u32>, down: &Chan<u32>) {
    select! {
        n = <-up => send!(down <- n),
        n = <-down => send!(up <- n),
    }
}

fn two_selects(a: &Receiver<u32>) {
    select! { n = <-a => work(n), default => {} }
    select! { n = <-a => work(n), default => {} }
}
