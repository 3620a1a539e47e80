use gochan::prelude::*;

fn run(parent: &Context) {
    let (mut ctx, mut cancel) = parent.with_cancel(); //~ lost_cancel
    watch(ctx.clone());
    (ctx, cancel) = parent.with_timeout(Duration::from_secs(1));
    step(&ctx);
    cancel.cancel();
}
