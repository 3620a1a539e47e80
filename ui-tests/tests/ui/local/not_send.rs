//! It stays with its goroutine.

use std::cell::RefCell;
use std::rc::Rc;

gochan::runtime::local! {
    static LIST: RefCell<Vec<Rc<u32>>> = RefCell::default();
}

fn main() {
    LIST.with(|list| drop(gochan::go!({ list.borrow().len() })));
}
