use gochan::prelude::*;

fn no_context() { step(&background()); }
fn detached(ctx: &Context) { go!(audit(ctx.without_cancel())); }
fn passed(ctx: &Context) { step(ctx); }
fn main() { step(&background()); }
