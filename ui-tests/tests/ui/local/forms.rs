//! What is not a declaration.

use std::cell::Cell;

gochan::runtime::local! {
    static NONE: Cell<u32>;
}

gochan::runtime::local! {
    static FIRST: Cell<u32> = Cell::new(0);
    let second = Cell::new(0);
}

gochan::runtime::local! {
    inherit static THIRD: Cell<u32> = Cell::new(0);
}

fn main() {}
