use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    go!(supervise(ctx, cancel));
}
