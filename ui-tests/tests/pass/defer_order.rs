//! `defer!` runs at the end of its block, last to first, also while a panic unwinds.

use std::cell::RefCell;

use gochan::prelude::*;

fn main() {
    let log = RefCell::new(Vec::new());
    {
        defer!(log.borrow_mut().push("first"));
        defer! {
            log.borrow_mut().push("second");
            log.borrow_mut().push("third");
        }
        log.borrow_mut().push("body");
    }
    assert_eq!(*log.borrow(), ["body", "second", "third", "first"]);

    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        defer!(log.borrow_mut().push("unwound"));
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(unwound.is_err());
    assert_eq!(log.borrow().last(), Some(&"unwound"));
}
