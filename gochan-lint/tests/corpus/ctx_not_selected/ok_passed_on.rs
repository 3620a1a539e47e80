use gochan::prelude::*;

fn run(ctx: &Context, a: &Receiver<u32>) {
    for n in a { handle(ctx, n); }
}
