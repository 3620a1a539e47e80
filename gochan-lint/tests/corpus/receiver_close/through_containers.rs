use gochan::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

struct Queue {
    items: Chan<u32>,
    spare: Option<Chan<u32>>,
    all: Vec<Chan<u32>>,
}
impl Queue {
    fn put(&self, n: u32) {
        send!(self.items <- n);
    }
    fn destructured(&self) {
        let Queue { items, .. } = self;
        for n in items {
            println!("{n}");
        }
        items.close(); //~ receiver_close
    }
    fn optional(&self) {
        if let Some(ch) = self.spare.as_ref() {
            for n in ch {
                println!("{n}");
            }
            ch.close(); //~ receiver_close
        }
    }
    fn fill_the_spare(&self) {
        if let Some(ch) = &self.spare {
            send!(ch <- 1);
        }
    }
    fn each(&self) {
        for ch in &self.all {
            println!("{:?}", ch.recv());
            ch.close(); //~ receiver_close
        }
    }
}
fn of_values(map: &HashMap<String, Chan<u32>>) {
    for ch in map.values() {
        println!("{:?}", ch.recv());
        ch.close(); //~ receiver_close
    }
}
fn picked(map: &BTreeMap<u32, Chan<u32>>) {
    let ch = map.get(&1).unwrap();
    for n in ch {
        println!("{n}");
    }
    ch.close(); //~ receiver_close
}
fn popped(list: &mut Vec<Chan<u32>>) {
    while let Some(ch) = list.pop() {
        println!("{:?}", ch.recv());
        ch.close(); //~ receiver_close
    }
}
struct Handle(Chan<u32>);
impl Handle {
    fn drain(&self) {
        while let Some(n) = self.0.recv() {
            println!("{n}");
        }
        self.0.close(); //~ receiver_close
    }
    fn feed(&self) {
        let _ = self.0.send(1);
    }
}
fn boxed(ch: Box<Chan<u32>>) {
    for n in ch.iter() {
        println!("{n}");
    }
    ch.close(); //~ receiver_close
}
fn shared(ch: &Arc<Chan<u32>>) {
    println!("{:?}", ch.recv());
    close!(ch); //~ receiver_close
}
fn in_a_tuple(pair: &(Chan<u32>, String)) {
    println!("{:?}", pair.0.recv());
    pair.0.close(); //~ receiver_close
}
fn of_an_array(chs: &[Chan<u32>; 2]) {
    println!("{:?}", chs[0].recv());
    chs[0].close(); //~ receiver_close
}
