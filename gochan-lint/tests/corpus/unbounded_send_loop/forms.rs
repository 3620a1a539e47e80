use gochan::prelude::*;

fn from_a_number() {
    let numbers = Chan::unbounded();
    go!([numbers] use_all(numbers.receiver()));
    let mut n = 0_u64;
    loop {
        send!(numbers <- n); //~ unbounded_send_loop
        n += 1;
    }
}
fn in_a_goroutine(level: Arc<AtomicU64>) -> Receiver<u64> {
    let samples: Chan<u64> = Chan::unbounded();
    go!([samples] {
        loop {
            if samples.send(level.load(Relaxed)).is_err() { return; } //~ unbounded_send_loop
        }
    });
    samples.receiver()
}
fn until_told(stop: &AtomicBool, level: &AtomicU64) {
    let samples = gochan::Chan::<u64>::unbounded();
    go!(use_all(samples.receiver()));
    while !stop.load(Relaxed) {
        send!(samples <- level.load(Relaxed)); //~ unbounded_send_loop
    }
}
fn until_the_context_ends(ctx: &Context, level: &AtomicU64) {
    let samples = Chan::<u64>::unbounded();
    go!(use_all(samples.receiver()));
    while ctx.err().is_none() {
        send!(samples <- level.load(Relaxed)); //~ unbounded_send_loop
    }
}
fn through_a_sender(level: &AtomicU64) {
    let (tx, rx) = Chan::unbounded().split();
    go!(use_all(rx));
    loop {
        tx.send(level.load(Relaxed)).unwrap(); //~ unbounded_send_loop
    }
}
fn of_a_function(state: &mut State) {
    let all = Chan::unbounded();
    go!(use_all(all.receiver()));
    loop {
        send!(all <- next(state)); //~ unbounded_send_loop
    }
}
fn next(state: &mut State) -> u64 {
    state.n += 1;
    state.n
}
