use gochan::prelude::*;

struct RequestId(u64);
fn run(ctx: &Context) {
    let ctx = ctx.with_value(RequestId(1));
    work(&ctx);
}
fn log(ctx: &Context) { println!("{:?}", ctx.value::<RequestId>()); }
