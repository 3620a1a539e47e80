use gochan::Select;
use gochan::prelude::*;
use gochan::sync::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

struct Queue {
    items: Chan<u32>,
}

impl Queue {
    fn put(&self, n: u32) {
        let _ = self.items.send(n);
    }
    fn take(&self) -> Option<u32> {
        self.items.recv()
    }
    fn next(&self) -> Option<u32> {
        self.items.recv()
    }
    fn finish(&self) {
        self.items.close();
    }
    fn items(&self) -> &Chan<u32> {
        &self.items
    }
}

fn by_methods(queue: &Queue) {
    while let Some(n) = queue.take() {
        println!("{n}");
    }
    queue.finish(); //~ receiver_close
}

fn by_other_methods(queue: Arc<Queue>) {
    let first = queue.next();
    println!("{first:?}");
    queue.finish(); //~ receiver_close
}

fn by_getter(queue: &Queue) {
    while let Some(n) = queue.items().recv() {
        println!("{n}");
    }
    queue.items().close(); //~ receiver_close
}

fn by_getter_and_method(queue: &Queue) {
    println!("{:?}", queue.items().recv());
    queue.finish(); //~ receiver_close
}

struct Server {
    queue: Queue,
}

impl Server {
    fn two_deep(&self) {
        println!("{:?}", self.queue.take());
        self.queue.finish(); //~ receiver_close
    }
}

fn under_a_lock(shared: &Arc<Mutex<Chan<u32>>>) {
    println!("{:?}", shared.lock().try_recv());
    shared.lock().close(); //~ receiver_close
}

fn under_one_guard(shared: &Arc<Mutex<Chan<u32>>>) {
    let inbox = shared.lock();
    println!("{:?}", inbox.try_recv());
    inbox.close(); //~ receiver_close
}

struct Worker {
    inbox: Option<Chan<u32>>,
}

impl Worker {
    fn feed(&self) {
        if let Some(inbox) = &self.inbox {
            let _ = inbox.send(1);
        }
    }
    fn drains(&mut self) {
        if let Some(inbox) = self.inbox.take() {
            for n in &inbox {
                println!("{n}");
            }
            inbox.close(); //~ receiver_close
        }
    }
    fn replaces(&mut self, next: Chan<u32>) {
        let Some(inbox) = self.inbox.replace(next) else { return };
        println!("{:?}", inbox.recv());
        inbox.close(); //~ receiver_close
    }
    fn borrows(&self) {
        if let Some(inbox) = self.inbox.as_ref() {
            println!("{:?}", inbox.recv());
            inbox.close(); //~ receiver_close
        }
    }
}

fn of_a_map(map: &HashMap<u32, Chan<u32>>) {
    for (_, ch) in map {
        ch.recv();
        ch.close(); //~ receiver_close
    }
}

fn of_values(map: &BTreeMap<u32, Chan<u32>>) {
    for ch in map.values() {
        ch.recv();
        ch.close(); //~ receiver_close
    }
}

fn of_a_list(list: &[Chan<u32>]) {
    for (index, ch) in list.iter().enumerate() {
        println!("{index} {:?}", ch.recv());
        ch.close(); //~ receiver_close
    }
}

fn of_each(list: &[Chan<u32>]) {
    list.iter().for_each(|ch| {
        println!("{:?}", ch.recv());
        ch.close(); //~ receiver_close
    });
}

fn of_an_iterator(list: impl Iterator<Item = Chan<u32>>) {
    for ch in list {
        println!("{:?}", ch.recv());
        ch.close(); //~ receiver_close
    }
}

fn of_a_select(ch: Chan<u32>) {
    let mut select = Select::new();
    let arm = select.recv(&ch);
    println!("{:?}", select.wait().recv(arm));
    drop(select);
    ch.close(); //~ receiver_close
}

fn of_a_tuple(pair: (Chan<u32>, u32)) {
    println!("{:?} {}", pair.0.recv(), pair.1);
    pair.0.close(); //~ receiver_close
}

trait Inbox {
    fn inbox(&self) -> &Chan<u32>;
}

fn by_trait(source: &impl Inbox) {
    println!("{:?}", source.inbox().recv());
    source.inbox().close(); //~ receiver_close
}

fn optional(ch: Option<Chan<u32>>) {
    ch.map(|ch| {
        println!("{:?}", ch.recv());
        ch.close(); //~ receiver_close
    });
}
