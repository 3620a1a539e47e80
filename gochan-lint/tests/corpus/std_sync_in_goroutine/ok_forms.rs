use gochan::prelude::*;
use std::sync::Mutex;

fn short(m: Arc<Mutex<u32>>) {
    go!([m] { *m.lock().unwrap() += 1; });
}
fn blocks_a_thread() {
    std::thread::spawn(|| std::thread::sleep(Duration::from_secs(1))).join().unwrap();
}
fn inside_of_blocking() {
    go!({
        gochan::blocking(|| std::thread::sleep(Duration::from_secs(1)));
    });
}
fn ours() {
    go!({ gochan::time::sleep(Duration::from_secs(1)); });
}
