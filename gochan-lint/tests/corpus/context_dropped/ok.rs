use gochan::prelude::*;

fn handle(ctx: &Context) { store(&ctx.without_cancel()); }
fn start() { store(&background()); }
