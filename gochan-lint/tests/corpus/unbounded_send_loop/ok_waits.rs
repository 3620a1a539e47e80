//! Each turn waits for something.

use gochan::prelude::*;
use gochan::time::{sleep, tick};

fn forwards(jobs: Receiver<u32>) {
    let all = Chan::unbounded();
    go!(use_all(all.receiver()));
    for job in &jobs { send!(all <- job); }
}
fn receives(jobs: Receiver<u32>) {
    let all = Chan::unbounded();
    go!(use_all(all.receiver()));
    while let Some(job) = jobs.recv() { send!(all <- job); }
}
fn answers(questions: Receiver<u32>) {
    let asked = Chan::unbounded();
    let answers = chan!(u32);
    go!([answers] answer(asked.receiver(), answers));
    loop {
        send!(asked <- 1);
        let Some(answer) = answers.recv() else { return };
        println!("{answer}");
    }
}
fn paced(level: &AtomicU64) {
    let samples = Chan::unbounded();
    go!(use_all(samples.receiver()));
    loop {
        send!(samples <- level.load(Relaxed));
        sleep(Duration::from_millis(10));
    }
}
fn ticks(done: &Receiver<()>, level: &AtomicU64) {
    let samples = Chan::unbounded();
    go!(use_all(samples.receiver()));
    let clock = tick(Duration::from_millis(10));
    loop {
        select! {
            <-clock => send!(samples <- level.load(Relaxed)),
            <-done => return,
        }
    }
}
fn slots(ctx: &Context, slots: &Semaphore) {
    let all = Chan::unbounded();
    go!(use_all(all.receiver()));
    while slots.acquire(ctx, 1).is_ok() { send!(all <- 1); }
}
fn reads(input: &mut impl BufRead) {
    let lines = Chan::unbounded();
    go!(use_all(lines.receiver()));
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).is_err() { return; }
        send!(lines <- line);
    }
}
fn by_a_function(device: &Device) {
    let frames = Chan::unbounded();
    go!(use_all(frames.receiver()));
    loop { send!(frames <- frame(device)); }
}
fn frame(device: &Device) -> Frame { device.next_frame() }
fn locks(state: &Mutex<u64>) {
    let all = Chan::unbounded();
    go!(use_all(all.receiver()));
    loop { send!(all <- *state.lock()); }
}
fn two_functions(device: &Device) {
    let frames = Chan::unbounded();
    go!(use_all(frames.receiver()));
    loop { send!(frames <- outer(device)); }
}
fn outer(device: &Device) -> Frame { frame(device) }
