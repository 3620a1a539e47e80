use gochan::prelude::*;

fn run(mut ctx: Context) {
    (ctx, _) = ctx.with_cancel(); //~ lost_cancel
    step(&ctx);
}
