use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};
use std::collections::HashMap;

struct State {
    items: Mutex<Vec<u32>>,
    count: Mutex<u32>,
    peers: RwLock<HashMap<u32, Sender<u32>>>,
    input: Receiver<u32>,
    output: Sender<u32>,
}

impl State {
    fn condition(&self) {
        if self.items.lock().is_empty() {
            send!(self.output <- 1);
        }
        while self.items.lock().len() < 3 {
            let item = recv!(self.input);
            self.items.lock().push(item);
        }
    }

    fn statements(&self) {
        println!("{} {}", self.items.lock().len(), *self.count.lock());
        *self.count.lock() += 1;
        let total: u32 = self.items.lock().iter().sum();
        self.items.lock().clear();
        send!(self.output <- total);
    }

    fn both(&self) -> bool {
        self.items.lock().is_empty() && *self.count.lock() > 1 && self.input.recv().is_some()
    }

    fn looked_up(&self, id: u32) -> Option<()> {
        let peer = self.peers.read().get(&id)?.clone();
        send!(peer <- id);
        let last = { self.items.lock().pop() };
        if let Some(last) = last {
            send!(peer <- last);
        }
        Some(())
    }

    fn arms(&self) {
        let first = match self.items.lock().first() {
            Some(first) => *first,
            None => 0,
        };
        send!(self.output <- first);
        select! {
            self.output <- *self.count.lock() => {}
            item = <-self.input => self.items.lock().push(item),
        }
    }

    fn kept_for_later(&self) -> Vec<Box<dyn Fn() + '_>> {
        let later = Mutex::new(Vec::<Box<dyn Fn() + '_>>::new());
        later.lock().push(Box::new(|| send!(self.output <- 1)));
        let length = || self.items.lock().len();
        send!(self.output <- length() as u32);
        later.into_inner()
    }
}
