use gochan::prelude::*;

fn start(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    go!({ watch(&ctx); });
}
