use gochan::context::CancelHandle;
use gochan::prelude::*;
use std::mem::ManuallyDrop;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

fn serve(ctx: Context) {
    ctx.done().recv();
}
struct Server {
    ctx: Context, //~ context_in_struct
    name: String,
}
fn into_a_structure(parent: &Context) -> Server {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    Server { ctx, name: "a".to_owned() }
}
fn only_the_context(parent: &Context) {
    let ctx = parent.with_cancel().0; //~ lost_cancel
    go!(serve(ctx));
}
fn dots(parent: &Context) {
    let (ctx, ..) = parent.with_cancel(); //~ lost_cancel
    go!(serve(ctx));
}
fn of_a_block(parent: &Context) -> Context {
    let ctx = {
        let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
        ctx
    };
    ctx
}
fn maybe(parent: &Context) -> Option<Context> {
    let (ctx, _guard) = parent.with_timeout(Duration::from_secs(1)); //~ lost_cancel
    Some(ctx)
}
fn leaked(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    go!(serve(ctx));
    Box::leak(Box::new(cancel)); //~ lost_cancel
}
fn never_dropped(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    go!(serve(ctx));
    let _kept = ManuallyDrop::new(cancel); //~ lost_cancel
}
fn pushed(parent: &Context, list: &mut Vec<Context>) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    list.push(ctx);
}
fn sent(parent: &Context, tx: &Sender<Context>) {
    let (ctx, _) = parent.with_cancel(); //~ lost_cancel
    send!(tx <- ctx);
}
fn on_a_thread(parent: &Context) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    std::thread::spawn(move || serve(ctx));
}
fn made(parent: &Context) -> (Context, CancelHandle) {
    parent.with_cancel()
}
fn by_a_helper(parent: &Context) {
    let (ctx, _) = made(parent); //~ lost_cancel
    go!(serve(ctx));
}
fn matched(parent: &Context) {
    match parent.with_cancel() {
        (ctx, _) => { //~ lost_cancel
            go!(serve(ctx));
        }
    }
}
fn some_ways(parent: &Context, n: u32) {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    go!(serve(ctx));
    match n {
        0 => cancel.cancel(),
        1 => println!("one"),
        _ => cancel.cancel(),
    }
}
fn overwritten(a: &Context, b: &Context) {
    let (ctx, mut cancel) = a.with_cancel(); //~ lost_cancel
    go!(serve(ctx));
    let (other, handle) = b.with_cancel();
    go!(serve(other));
    cancel = handle;
    cancel.cancel();
}
fn by_a_closure(parent: &Context) {
    let start = || {
        let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
        go!(serve(ctx));
    };
    start();
}
struct Both {
    ctx: Context, //~ context_in_struct
    cancel: CancelHandle,
}
fn in_the_goroutine_of_another(wg: &WaitGroup, parent: Context) { //~ context_not_first
    wg.go(move || {
        let (ctx, _) = parent.with_cancel(); //~ lost_cancel
        go!(serve(ctx));
    });
}
static KEEP: OnceLock<CancelHandle> = OnceLock::new();
fn in_a_static(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    go!(serve(ctx));
    let _ = KEEP.set(cancel); //~ lost_cancel
}
async fn in_a_future(parent: Context) -> Context {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    ctx
}
fn shared_context(parent: &Context) -> Arc<Context> {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    Arc::new(ctx)
}
fn cloned_out(parent: &Context) -> Context {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    defer!(cancel.cancel());
    ctx.clone()
}
fn derived_out(parent: &Context) -> Context {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    ctx.with_value(Both2(1))
}
struct Both2(u32);
