//! Publish and subscribe: one goroutine owns the table, everybody else sends it requests.

use gochan::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

type Topic = &'static str;

#[derive(Debug, Clone)]
struct Message {
    topic: Topic,
    body: String,
}

enum Request {
    Subscribe { topic: Topic, reply: Sender<Subscription> },
    Unsubscribe { topic: Topic, id: u64 },
    Publish(Message),
    Count { topic: Topic, reply: Sender<usize> },
}

struct Subscription {
    id: u64,
    topic: Topic,
    inbox: Receiver<Message>,
}

#[derive(Default)]
struct Table {
    next: u64,
    topics: BTreeMap<Topic, Vec<(u64, Chan<Message>)>>,
    dropped: usize,
}

impl Table {
    const ROOM: usize = 8;

    fn subscribe(&mut self, topic: Topic) -> Subscription {
        self.next += 1;
        let inbox = chan!(Message, Self::ROOM);
        let subscription = Subscription { id: self.next, topic, inbox: inbox.receiver() };
        self.topics.entry(topic).or_default().push((self.next, inbox));
        subscription
    }

    fn unsubscribe(&mut self, topic: Topic, id: u64) {
        let Some(list) = self.topics.get_mut(topic) else { return };
        if let Some(at) = list.iter().position(|(known, _)| *known == id) {
            let (_, inbox) = list.swap_remove(at);
            close!(inbox);
        }
    }

    /// Whoever does not keep up misses messages; nobody waits for them.
    fn publish(&mut self, message: &Message) {
        for (_, inbox) in self.topics.get(message.topic).into_iter().flatten() {
            if inbox.try_send(message.clone()).is_err() {
                self.dropped += 1;
            }
        }
    }

    fn close(self) -> usize {
        for (_, subscribers) in self.topics {
            for (_, inbox) in subscribers {
                close!(inbox);
            }
        }
        self.dropped
    }
}

#[derive(Clone)]
struct Broker {
    requests: Sender<Request>,
}

impl Broker {
    fn start(ctx: &Context) -> (Broker, gochan::JoinHandle<usize>) {
        let requests = chan!(Request);
        let (tx, rx) = requests.split();
        let ctx = ctx.clone();
        let handle = go!({
            let mut table = Table::default();
            loop {
                select! {
                    Some(request) = <-rx else { break } => serve(&mut table, request),
                    <-ctx.done() => break,
                }
            }
            table.close()
        });
        (Broker { requests: tx }, handle)
    }

    fn subscribe(&self, topic: Topic) -> Option<Subscription> {
        let reply = chan!(Subscription, 1);
        self.requests.send(Request::Subscribe { topic, reply: reply.sender() }).ok()?;
        reply.recv()
    }

    fn publish(&self, topic: Topic, body: impl Into<String>) -> bool {
        self.requests.send(Request::Publish(Message { topic, body: body.into() })).is_ok()
    }

    fn unsubscribe(&self, subscription: &Subscription) {
        let _ = self.requests.send(Request::Unsubscribe { topic: subscription.topic, id: subscription.id });
    }

    fn count(&self, topic: Topic) -> usize {
        let reply = chan!(usize, 1);
        match self.requests.send(Request::Count { topic, reply: reply.sender() }) {
            Ok(()) => reply.recv().unwrap_or(0),
            Err(_) => 0,
        }
    }
}

fn serve(table: &mut Table, request: Request) {
    match request {
        Request::Subscribe { topic, reply } => {
            let subscription = table.subscribe(topic);
            let _ = reply.try_send(subscription);
        }
        Request::Unsubscribe { topic, id } => table.unsubscribe(topic, id),
        Request::Publish(message) => table.publish(&message),
        Request::Count { topic, reply } => {
            let _ = reply.try_send(table.topics.get(topic).map_or(0, Vec::len));
        }
    }
}

#[gochan::main]
fn main() {
    let (ctx, cancel) = background().with_timeout(Duration::from_secs(5));
    let (broker, handle) = Broker::start(&ctx);
    let wg = WaitGroup::new();
    for name in ["ann", "bob"] {
        let Some(subscription) = broker.subscribe("news") else { continue };
        wg.add(1);
        go!([wg, broker] {
            defer!(wg.done());
            for message in subscription.inbox.iter().take(2) {
                println!("{name} reads {}: {}", message.topic, message.body);
            }
            broker.unsubscribe(&subscription);
        });
    }
    for n in 0..2 {
        broker.publish("news", format!("number {n}"));
    }
    wg.wait();
    println!("{} left", broker.count("news"));
    cancel.cancel();
    match handle.join() {
        Ok(dropped) => println!("{dropped} messages dropped"),
        Err(_) => eprintln!("the broker panicked"),
    }
}
