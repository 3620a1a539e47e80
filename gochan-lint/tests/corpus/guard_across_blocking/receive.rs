use gochan::prelude::*;

fn run(m: &Mutex<u32>, rx: &Receiver<u32>) {
    let mut sum = m.lock();
    *sum += rx.recv().unwrap(); //~ guard_across_blocking
}
