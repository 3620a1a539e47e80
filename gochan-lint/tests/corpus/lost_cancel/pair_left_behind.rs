use gochan::prelude::*;

fn make(parent: &Context) -> Context {
    let pair = parent.with_cancel(); //~ lost_cancel
    pair.0.clone()
}
