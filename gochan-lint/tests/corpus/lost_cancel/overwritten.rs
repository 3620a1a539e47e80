use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, mut cancel) = parent.with_cancel(); //~ lost_cancel
    go!(watch(ctx.clone()));
    let (inner, second) = ctx.with_cancel();
    cancel = second;
    watch(inner);
    cancel.cancel();
}
