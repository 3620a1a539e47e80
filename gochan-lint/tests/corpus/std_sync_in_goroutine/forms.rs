use gochan::prelude::*;
use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};

fn barrier() {
    let barrier = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let barrier = barrier.clone();
        go!({ barrier.wait(); }); //~ std_sync_in_goroutine
    }
}
fn parks() {
    go!({
        std::thread::park(); //~ std_sync_in_goroutine
    });
}
fn joins() {
    go!({
        let handle = std::thread::spawn(|| work(1));
        handle.join().unwrap(); //~ std_sync_in_goroutine
    });
}
fn receives() {
    let (tx, rx) = mpsc::channel();
    go!({ for n in rx.recv() { work::<u32>(n); } }); //~ std_sync_in_goroutine
    tx.send(1).unwrap();
}
fn condition(pair: Arc<(Mutex<bool>, Condvar)>) {
    go!([pair] {
        let mut ready = pair.0.lock().unwrap();
        while !*ready { ready = pair.1.wait(ready).unwrap(); } //~ std_sync_in_goroutine
    });
}
fn in_group(wg: &WaitGroup) {
    wg.go(|| {
        std::thread::sleep(Duration::from_secs(1)); //~ std_sync_in_goroutine
    });
}
fn imported() {
    use std::thread::sleep;
    go!({ sleep(Duration::from_secs(1)); }); //~ std_sync_in_goroutine
}
fn nap() { std::thread::sleep(Duration::from_secs(1)); } //~ std_sync_in_goroutine
fn in_called_function() { go!(nap()); }
