use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, _): (Context, CancelHandle) = parent.with_cancel(); //~ lost_cancel
    step(&ctx);
}
