//! Goroutines that run functions of other files.

mod disk;
mod jobs;

use gochan::prelude::*;
use jobs::{careful, forgetful, Batch};

#[gochan::main]
fn main() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!(careful(wg.clone(), 1));
    wg.add(1);
    go!(forgetful(wg.clone(), 2));
    wg.wait();

    let batch = Batch { size: 3 };
    let _ = go!(batch.run()).join(); //~ ignored_join_error
    go!(disk::sync_all()).join().unwrap();
    disk::report();
}
