use gochan::prelude::*;

fn make(parent: &Context) -> Context {
    let pair = parent.with_cancel(); //~ lost_cancel
    pair.0.clone()
}
fn serve_it(ctx: Context) { ctx.done().recv(); }
fn of_a_goroutine(p: &Context) {
    let pair = p.with_cancel(); //~ lost_cancel
    let ctx = pair.0.clone();
    go!(serve_it(ctx));
}
