use gochan::prelude::*;
use gochan::sync::{Mutex, MutexGuard};

fn otherwise(m: &Mutex<Vec<u32>>, rx: &Receiver<u32>) -> u32 {
    if let Some(n) = m.lock().pop() { n } else { recv!(rx) }
}

fn leaves(m: &Mutex<Vec<u32>>, rx: &Receiver<u32>) -> u32 {
    let Some(n) = m.lock().pop() else { return recv!(rx) };
    n + recv!(rx)
}

fn given(m: &Mutex<u32>, rx: &Receiver<u32>) -> u32 {
    let guard = m.lock();
    waits(guard, rx)
}

fn waits(guard: MutexGuard<'_, u32>, rx: &Receiver<u32>) -> u32 {
    drop(guard);
    recv!(rx)
}
