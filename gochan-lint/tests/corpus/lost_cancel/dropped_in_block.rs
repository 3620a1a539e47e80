use gochan::prelude::*;

fn run(parent: &Context) {
    let ctx = {
        let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
        ctx
    };
    step(&ctx);
}
