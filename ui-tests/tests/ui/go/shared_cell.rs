use std::cell::Cell;

use gochan::prelude::*;

fn main() {
    let count = Cell::new(0);
    let shared = &count;
    go!({
        shared.set(shared.get() + 1);
    });
    count.set(2);
}
