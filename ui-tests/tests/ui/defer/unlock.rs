use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

fn main() {
    let (mu, rw) = (Mutex::new(1), RwLock::new(1));
    mu.lock();
    defer!(mu.unlock());
    let _read = rw.read();
    rw.runlock();
}
