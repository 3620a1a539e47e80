use gochan::prelude::*;

fn run(parent: &Context) -> Context {
    let (ctx, cancel) = parent.with_cancel();
    go!({ wait_for_key(); cancel.cancel(); });
    ctx
}
