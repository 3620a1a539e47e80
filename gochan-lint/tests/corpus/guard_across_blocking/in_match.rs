use gochan::prelude::*;

fn run(m: &Mutex<Vec<u32>>, tx: &Sender<u32>) {
    for n in m.lock().iter() {
        send!(tx <- *n); //~ guard_across_blocking
    }
}
