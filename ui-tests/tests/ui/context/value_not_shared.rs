use gochan::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

fn main() {
    background().with_value(Rc::new(1));
    background().with_value(Cell::new(1));
}
