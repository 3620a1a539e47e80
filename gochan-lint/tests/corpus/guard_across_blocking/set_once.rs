use gochan::prelude::*;
use gochan::sync::{Mutex, Semaphore};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

struct Keeper {
    ch: Chan<()>,
}
impl Keeper {
    fn add(&self) {
        send!(self.ch <- ());
    }
}
struct Token {
    keeper: OnceLock<Arc<Keeper>>,
    by_name: HashMap<String, Arc<Keeper>>,
    list: Vec<Keeper>,
    mu: Mutex<u32>,
}
impl Token {
    fn assign(&self) {
        let mut count = self.mu.lock();
        *count += 1;
        self.keeper.get().unwrap().add(); //~ guard_across_blocking
    }
    fn assign_by_name(&self) {
        let mut count = self.mu.lock();
        *count += 1;
        if let Some(keeper) = self.by_name.get("x") {
            keeper.add(); //~ guard_across_blocking
        }
    }
    fn assign_first(&self) {
        let mut count = self.mu.lock();
        *count += 1;
        self.list.first().unwrap().add(); //~ guard_across_blocking
    }
    fn assign_after(&self) {
        *self.mu.lock() += 1;
        self.keeper.get().unwrap().add();
    }
}
fn semaphore(m: &Mutex<u32>, s: &Semaphore) {
    let mut n = m.lock();
    s.acquire(&background(), 1).unwrap(); //~ guard_across_blocking
    *n += 1;
    s.release(1);
}
