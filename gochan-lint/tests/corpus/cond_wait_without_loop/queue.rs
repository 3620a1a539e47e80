//! Queues and gates whose wait asks once.

use gochan::prelude::*;
use gochan::sync::{Cond, Mutex};
use std::collections::VecDeque;
use std::time::Duration;

struct Queue<T> { items: Mutex<VecDeque<T>>, filled: Cond, drained: Cond, capacity: usize }

impl<T> Queue<T> {
    fn push(&self, item: T) {
        let mut items = self.items.lock();
        if items.len() == self.capacity {
            items = self.drained.wait(items); //~ cond_wait_without_loop
        }
        items.push_back(item);
        self.filled.notify_one();
    }

    fn pop(&self) -> Option<T> {
        let mut items = self.items.lock();
        if items.is_empty() {
            items = self.filled.wait(items); //~ cond_wait_without_loop
        }
        let item = items.pop_front();
        self.drained.notify_one();
        item
    }

    fn pop_within(&self, limit: Duration) -> Option<T> {
        let items = self.items.lock();
        let (mut items, _) = self.filled.wait_timeout(items, limit); //~ cond_wait_without_loop
        items.pop_front()
    }

    /// Returns what is there when somebody says so, right or wrong.
    fn snapshot(&self) -> usize {
        self.filled.wait(self.items.lock()).len() //~ cond_wait_without_loop
    }
}

struct Latch { open: Mutex<bool>, changed: Cond }

impl Latch {
    fn pass(&self) {
        let open = self.open.lock();
        match *open {
            true => {}
            false => drop(self.changed.wait(open)), //~ cond_wait_without_loop
        }
    }
}

fn barrier(arrived: &Mutex<usize>, all: &Cond, parties: usize) {
    let mut count = arrived.lock();
    *count += 1;
    if *count < parties {
        drop(all.wait(count)); //~ cond_wait_without_loop
    } else {
        all.notify_all();
    }
}

fn in_goroutine(state: Arc<(Mutex<bool>, Cond)>) {
    go!([state] {
        let ready = state.0.lock();
        let ready = state.1.wait(ready); //~ cond_wait_without_loop
        println!("{}", *ready);
    });
}
