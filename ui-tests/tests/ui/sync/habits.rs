use gochan::prelude::*;
use gochan::sync::{Cond, Mutex, RwLock};

fn main() {
    let (wg, mu, names, cond) = (WaitGroup::new(), Mutex::new(0), RwLock::new(0), Cond::new());
    wg.add(1.5);
    cond.wait(&mu);
    names.rlock();
    names.lock();
    gochan::scope(|s| s.spawn(|| println!("part")));
}
