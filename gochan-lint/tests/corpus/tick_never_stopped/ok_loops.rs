use gochan::prelude::*;
use std::time::Duration;

fn endless() {
    for _ in gochan::time::tick(Duration::from_secs(1)) {
        println!("beat");
    }
}

fn counted() {
    let beat = gochan::time::tick(Duration::from_secs(1));
    for _ in 0..3 {
        beat.recv();
    }
}
