use gochan::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

fn label(text: &str) {
    go!([text] { println!("{text}") });
}

fn main() {
    let count = Rc::new(1);
    go!([count] { println!("{count}") });
    let list = Arc::new(RefCell::new(Vec::new()));
    go!([list] || { list.borrow_mut().push(1) }());
    let out = Rc::new(chan!(i32));
    go!([mut out] { send!(out <- 1) });
    label("a");
}
