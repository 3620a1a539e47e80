use gochan::prelude::*;

fn run(m: &Mutex<u32>, rx: &Receiver<u32>) {
    let held = m.lock();
    drop(held);
    rx.recv();
}
