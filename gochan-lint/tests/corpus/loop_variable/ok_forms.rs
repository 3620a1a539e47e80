use gochan::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

fn by_value(jobs: Vec<u32>) {
    for job in jobs { go!({ work(job); }); }
}
fn by_argument() {
    for n in 0..10 { go!(work(n)); }
}
fn loaded_before() {
    let at = AtomicUsize::new(0);
    while at.load(Ordering::SeqCst) < 10 {
        let n = at.fetch_add(1, Ordering::SeqCst);
        go!({ work(n); });
    }
}
fn shared_counter(total: Arc<AtomicUsize>) {
    for _ in 0..10 {
        go!([total] { total.fetch_add(1, Ordering::SeqCst); });
    }
}
fn flag(stop: Arc<AtomicBool>) {
    for n in 0..10 {
        go!([stop] { while !stop.load(Ordering::SeqCst) { work(n); } });
    }
    stop.store(true, Ordering::SeqCst);
}
