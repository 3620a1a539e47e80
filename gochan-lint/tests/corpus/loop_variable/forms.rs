use gochan::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

static CURRENT: AtomicUsize = AtomicUsize::new(0);
static mut JOB: u32 = 0;

fn atomic_static() {
    for n in 0..10 {
        CURRENT.store(n, Ordering::SeqCst);
        go!({ work(CURRENT.load(Ordering::SeqCst)); }); //~ loop_variable
    }
}
fn static_mut(jobs: &[u32]) {
    for job in jobs {
        unsafe { JOB = *job; }
        go!({ work(unsafe { JOB }); }); //~ loop_variable
    }
}
fn shared_atomic() {
    let current = Arc::new(AtomicUsize::new(0));
    for n in 0..10 {
        current.store(n, Ordering::SeqCst);
        go!([current] { work(current.load(Ordering::SeqCst)); }); //~ loop_variable
    }
}
fn while_loop() {
    let at = Arc::new(AtomicUsize::new(0));
    while at.load(Ordering::SeqCst) < 10 {
        go!([at] { work(at.load(Ordering::SeqCst)); }); //~ loop_variable
        at.fetch_add(1, Ordering::SeqCst);
    }
}
