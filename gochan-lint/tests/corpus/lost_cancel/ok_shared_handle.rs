use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    let other = cancel.clone();
    go!({ recv_key(); other.cancel(); });
    step(&ctx);
    cancel.cancel();
}
