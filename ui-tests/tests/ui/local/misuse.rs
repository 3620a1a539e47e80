//! Goroutine-local values in places where they are of no use.

use std::cell::RefCell;

gochan::runtime::local! {
    static TEXT: RefCell<String> = RefCell::default();
}

fn main() {
    // It ends with its goroutine.
    let text: &'static RefCell<String> = TEXT.with(|text| text);
}
