use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    gochan::Builder::new().spawn(move || watch(&ctx));
}
