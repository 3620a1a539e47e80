use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, _cancel) = parent.with_cancel();
    go!(watch(ctx.clone()));
    step(&ctx, 1);
}

fn several(parent: &Context) {
    let (ctx, _cancel) = parent.with_cancel();
    let workers = ["a", "b"].map(|name| go!(watch(ctx.clone(), name)));
    wait_for_all(workers);
}
