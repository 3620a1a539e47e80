use gochan::prelude::*;

fn serve(ctx: Context) {
    ctx.done().recv();
}
fn joined(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    defer!(cancel.cancel());
    let handle = go!(serve(ctx));
    handle.join().unwrap();
}
fn waited_for_by_a_defer(parent: &Context) {
    let wg = WaitGroup::new();
    defer!(wg.wait()); //~ unwind_blocking
    let (ctx, cancel) = parent.with_cancel();
    defer!(cancel.cancel());
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        serve(ctx);
    });
}
fn received_from(parent: &Context, rx: &Receiver<u32>) -> Option<u32> {
    let (ctx, cancel) = parent.with_cancel();
    defer!(cancel.cancel());
    go!(serve(ctx));
    rx.recv()
}
fn counted(parent: &Context, wg: &WaitGroup) {
    let (ctx, cancel) = parent.with_cancel();
    defer!(cancel.cancel());
    wg.go(move || serve(ctx));
    wg.wait();
}
fn work(_: &Context) {}
fn beside_own_work(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    defer!(cancel.cancel());
    go!([ctx] serve(ctx));
    work(&ctx);
}
