use gochan::prelude::*;

fn make(parent: &Context) -> Context {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    ctx
}
