use gochan::prelude::*;

struct Disk;
impl Disk {
    fn get(&self, ctx: &Context, key: &str) { step(ctx, key); }
    fn open(ctx: Context, path: &str) -> Disk { step(&ctx, path); Disk }
}
impl foreign::Handler for Disk {
    fn handle(&self, request: Request, ctx: Context) { step(&ctx, request); }
}
fn closures() {
    let f = |n: u32, ctx: &Context| step(ctx, n);
    f(1, &background());
}
fn other(waker: u32, cx: &mut std::task::Context<'_>) { poll(waker, cx); }
fn two(ctx: &Context, other: &Context) { step(ctx, other); }
