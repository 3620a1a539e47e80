use std::rc::Rc;

use gochan::prelude::*;

fn main() {
    let ch = chan!(Rc<i32>);
    go!([ch] {
        send!(ch <- Rc::new(1));
    });
}
