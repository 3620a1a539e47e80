//! The same, asking again after each wait.

use gochan::prelude::*;
use gochan::sync::{Cond, Mutex};
use std::collections::VecDeque;
use std::time::Duration;

struct Queue<T> { items: Mutex<VecDeque<T>>, filled: Cond, drained: Cond, capacity: usize }

impl<T> Queue<T> {
    fn push(&self, item: T) {
        let mut items = self.drained.wait_while(self.items.lock(), |items| items.len() == self.capacity);
        items.push_back(item);
        drop(items);
        self.filled.notify_one();
    }

    fn pop(&self) -> T {
        let mut items = self.items.lock();
        loop {
            if let Some(item) = items.pop_front() {
                self.drained.notify_one();
                return item;
            }
            items = self.filled.wait(items);
        }
    }

    fn pop_within(&self, turn: Duration, turns: u32) -> Option<T> {
        let mut items = self.items.lock();
        for _ in 0..turns {
            if !items.is_empty() { break; }
            (items, _) = self.filled.wait_timeout(items, turn);
        }
        items.pop_front()
    }
}

struct Latch { open: Mutex<bool>, changed: Cond }

impl Latch {
    fn pass(&self) {
        let mut open = self.open.lock();
        while !*open { open = self.changed.wait(open); }
    }

    fn release(&self) {
        *self.open.lock() = true;
        self.changed.notify_all();
    }
}

fn barrier(arrived: &Mutex<usize>, all: &Cond, parties: usize) {
    let mut count = arrived.lock();
    *count += 1;
    while *count < parties { count = all.wait(count); }
    all.notify_all();
}
