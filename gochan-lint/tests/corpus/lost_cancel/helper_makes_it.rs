use gochan::prelude::*;

fn bounded(parent: &Context) -> (Context, CancelHandle) {
    parent.with_timeout(Duration::from_secs(1))
}

fn run(parent: &Context) {
    let (ctx, _) = bounded(parent); //~ lost_cancel
    step(&ctx);
}
