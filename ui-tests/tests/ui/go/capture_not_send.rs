use std::rc::Rc;

use gochan::prelude::*;

fn main() {
    let shared = Rc::new(1);
    go!({
        println!("{shared}");
    });
}
