use gochan::prelude::*;

fn handle(ctx: &Context) {
    work(ctx);
    store(&background()); //~ context_dropped
}
