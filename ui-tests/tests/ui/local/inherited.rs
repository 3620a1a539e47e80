//! What cannot go to another goroutine, or be cloned.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Mutex;

gochan::runtime::local! {
    #[inherit]
    static SHARED: RefCell<Rc<u32>> = RefCell::new(Rc::new(1));
    #[inherit]
    static LOCKED: Mutex<u32> = Mutex::new(1);
    /// A cell clones what it copies.
    #[inherit]
    static TEXT: Cell<String> = Cell::new(String::new());
}

fn main() {}
