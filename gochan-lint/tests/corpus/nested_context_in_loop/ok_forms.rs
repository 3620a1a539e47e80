use gochan::prelude::*;

fn fresh(ctx: &Context, items: &[u32]) {
    for n in items {
        let ctx = ctx.with_value(Id(*n));
        step(&ctx);
    }
}
fn once(mut ctx: Context) {
    ctx = ctx.with_value(Id(1));
    step(&ctx);
}
fn from_parent(parent: &Context, items: &[u32]) {
    let mut ctx = parent.clone();
    for n in items {
        step(&ctx);
        ctx = parent.with_value(Id(*n));
    }
}
