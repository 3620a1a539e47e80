use std::rc::Rc;

use gochan::prelude::*;

fn work() -> Rc<i32> {
    Rc::new(1)
}

fn main() {
    go!(work());
}
