use gochan::prelude::*;

fn serve(ctx: Context) {
    ctx.done().recv();
}
fn starts(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    defer!(cancel.cancel());
    go!(serve(ctx));
}
fn starts_two(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    defer!(cancel.cancel());
    for _ in 0..2 {
        go!([ctx] { ctx.done().recv(); });
    }
    println!("started");
}
