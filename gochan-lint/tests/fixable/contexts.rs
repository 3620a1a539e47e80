use gochan::prelude::*;
use gochan::context as c;
use std::time::Duration;

fn serve(ctx: Context) {
    ctx.done().recv();
}
fn waits(parent: &Context) {
    let (ctx, _) = parent.with_cancel();
    let handle = go!([ctx] serve(ctx));
    handle.join().unwrap();
}
fn dots(parent: &Context) {
    let (ctx, ..) = parent.with_timeout(Duration::from_secs(1));
    let handle = go!([ctx] serve(ctx));
    handle.join().unwrap();
}
fn some_ways(parent: &Context, b: bool) {
    let (ctx, cancel) = parent.with_cancel();
    let handle = go!([ctx] serve(ctx));
    if b {
        cancel.cancel();
        return;
    }
    handle.join().unwrap();
}
fn moved_in_a_way(parent: &Context, b: bool, keep: &mut Vec<c::CancelHandle>) {
    let (ctx, cancel) = parent.with_cancel();
    go!([ctx] serve(ctx));
    if b {
        keep.push(cancel);
    }
}
fn name_is_taken(parent: &Context) {
    let cancel = 5;
    let (ctx, _) = parent.with_cancel();
    go!([ctx] serve(ctx)).join().unwrap();
    println!("{cancel}");
}
fn returned(parent: &Context) -> Context {
    let (ctx, _) = parent.with_cancel();
    ctx
}
fn left_behind(parent: &Context) {
    let (ctx, _) = parent.with_cancel();
    go!(serve(ctx));
}
mod inner {
    use gochan as g;
    fn serve(ctx: g::Context) {
        ctx.done().recv();
    }
    fn in_a_module() {
        let (ctx, _) = g::context::background().with_cancel();
        std::thread::spawn(move || serve(ctx)).join().unwrap();
    }
}
fn in_a_closure(parents: &[Context]) {
    parents.iter().for_each(|parent| {
        let (ctx, _) = parent.with_cancel();
        go!([ctx] serve(ctx)).join().unwrap();
    });
}
fn typed(parent: &Context) {
    let (ctx, _): (Context, c::CancelHandle) = parent.with_cancel();
    go!([ctx] serve(ctx)).join().unwrap();
}
