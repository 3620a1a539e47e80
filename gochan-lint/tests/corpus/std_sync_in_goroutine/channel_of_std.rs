use gochan::prelude::*;

use std::sync::mpsc;
fn main() {
    let (tx, rx) = mpsc::channel::<u32>();
    go!({
        rx.recv(); //~ std_sync_in_goroutine
    });
    wait_for_all();
}
