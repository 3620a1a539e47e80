use gochan::prelude::*;
use gochan::sync::{Cond, Mutex};

struct Queue { items: Mutex<Vec<u32>>, more: Cond, out: Chan<u32> }

impl Queue {
    fn dropped(&self) {
        let mut items = self.items.lock();
        let n = items.pop();
        drop(items);
        if let Some(n) = n { send!(self.out <- n); }
    }
    fn scoped(&self) {
        let n = { self.items.lock().len() };
        send!(self.out <- n as u32);
    }
    fn copied(&self) {
        let items = self.items.lock().clone();
        for n in items { send!(self.out <- n); }
    }
    fn waits(&self) -> u32 {
        let mut items = self.items.lock();
        while items.is_empty() { items = self.more.wait(items); }
        items.pop().unwrap()
    }
    fn tries(&self) {
        let items = self.items.lock();
        let _ = self.out.try_send(items.len() as u32);
        select! { n = <-self.out => work(n), default => {} }
    }
    fn in_goroutine(&self) {
        let items = self.items.lock();
        let out = self.out.clone();
        let n = items.len() as u32;
        go!({ send!(out <- n); });
    }
    fn statement(&self) {
        self.items.lock().push(1);
        send!(self.out <- 1);
    }
}
