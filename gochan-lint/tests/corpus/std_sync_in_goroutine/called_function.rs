use gochan::prelude::*;

use std::thread;
fn worker() {
    thread::sleep(Duration::from_secs(1)); //~ std_sync_in_goroutine
}
fn main() {
    go!(worker());
    wait_for_all();
}
