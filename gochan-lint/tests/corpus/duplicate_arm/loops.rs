//! Arms that were copied and not changed.

use gochan::prelude::*;
use std::time::Duration;

struct Node { inbox: Receiver<Message>, outbox: Sender<Message>, control: Receiver<Command>, state: State }

impl Node {
    fn run(&mut self, ctx: &Context) {
        loop {
            select! {
                Some(message) = <-self.inbox else { return } => self.state.apply(message),
                Some(command) = <-self.control else { return } => self.state.run(command),
                Some(command) = <-self.control else { return } => println!("{command:?}"), //~ duplicate_arm
                <-ctx.done() => return,
            }
        }
    }

    fn forward(&self, ctx: &Context, message: Message) -> bool {
        select! {
            self.outbox <- message.clone() => true,
            self.outbox <- message.clone() => false, //~ duplicate_arm
            <-ctx.done() => false,
        }
    }
}

fn race(fast: &Receiver<Answer>, slow: &Receiver<Answer>) -> Answer {
    let backup = fast;
    select! {
        answer = <-fast => answer,
        answer = <-slow => answer,
        answer = <-backup => answer, //~ duplicate_arm
    }
}

fn stop_twice(work: Receiver<u32>, stop: Receiver<()>) {
    loop {
        select! {
            <-stop => { println!("stopped"); return }
            Some(n) = <-work else { return } => println!("{n}"),
            <-stop => return, //~ duplicate_arm
        }
    }
}

fn timers(deadline: Receiver<std::time::Instant>, results: Receiver<u32>) -> Option<u32> {
    select! {
        n = <-results => Some(n),
        <-deadline => None,
        <-deadline => Some(0), //~ duplicate_arm
        default => None,
    }
}

fn in_goroutine(ctx: Context, beats: Receiver<()>) {
    go!([ctx, beats] {
        select! {
            <-beats => work(1),
            <-ctx.done() => {}
            <-ctx.done() => work(2), //~ duplicate_arm
        }
    });
}
