//! The number of turns is bounded, or so is the channel.

use gochan::prelude::*;

fn items(items: Vec<u32>) {
    let all = Chan::unbounded();
    for item in items { send!(all <- item); }
    use_all(all.receiver());
}
fn counted() {
    let all = Chan::unbounded();
    let mut n = 0;
    while n < 100 { send!(all <- n); n += 1; }
    loop {
        if n == 200 { break; }
        send!(all <- n);
        n += 1;
    }
    use_all(all.receiver());
}
fn by_the_receiver() {
    let found = Chan::unbounded();
    send!(found <- 1);
    while let Ok(number) = found.try_recv() {
        for next in [2 * number, 2 * number + 1] {
            if next < 100 { send!(found <- next); }
        }
    }
}
fn one_for_each_turn(ctx: &Context, level: &AtomicU64) {
    while ctx.err().is_none() {
        let once = Chan::unbounded();
        send!(once <- level.load(Relaxed));
        use_all(once.receiver());
    }
}
fn bounded(level: &AtomicU64) {
    let all = Chan::with_capacity(8);
    go!(use_all(all.receiver()));
    loop { send!(all <- level.load(Relaxed)); }
}
fn not_ours(level: &AtomicU64) {
    let (tx, rx) = crossbeam_channel::unbounded();
    start(rx);
    loop { tx.send(level.load(Relaxed)).unwrap(); }
}
fn under_a_lock(state: &Mutex<u64>, all: &Mutex<u64>) -> Receiver<u64> {
    let told = Chan::unbounded();
    let guard = state.lock();
    // It does not wait.
    send!(told <- *guard);
    told.receiver()
}
