use std::rc::Rc;

use gochan::prelude::*;

fn work(shared: Rc<i32>) {
    println!("{shared}");
}

fn main() {
    let shared = Rc::new(1);
    go!(work(shared.clone()));
}
