use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, _cancel) = parent.with_cancel();
    go!(watch(ctx.clone()));
    step(&ctx, 1);
}
