use gochan::prelude::*;
use gochan::sync::{Mutex, MutexGuard};

fn element(m: &Mutex<Vec<u32>>, rx: &Receiver<u32>) {
    let mut list = m.lock();
    list[0] += recv!(rx); //~ guard_across_blocking
}

fn before(m: &Mutex<Vec<u32>>, rx: &Receiver<u32>) {
    let mut list = m.lock();
    list[0] += 1;
    let n = recv!(rx); //~ guard_across_blocking
    list.push(n);
}

fn lent(m: &Mutex<u32>, rx: &Receiver<u32>) -> u32 {
    let guard = m.lock();
    waits(&guard, rx) //~ guard_across_blocking
}

fn waits(guard: &MutexGuard<'_, u32>, rx: &Receiver<u32>) -> u32 {
    **guard + recv!(rx) //~ guard_across_blocking
}

fn then(m: &Mutex<Vec<u32>>, rx: &Receiver<u32>) -> u32 {
    if let Some(n) = m.lock().pop() { n + recv!(rx) } else { 0 } //~ guard_across_blocking
}
