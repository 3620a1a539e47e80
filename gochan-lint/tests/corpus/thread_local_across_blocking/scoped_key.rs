use gochan::prelude::*;

fn run(rx: &Receiver<u32>) {
    CURRENT.set(&1, || {
        rx.recv(); //~ thread_local_across_blocking
    });
}
