use gochan::prelude::*;
fn child(parent: &Context) -> (Context, CancelHandle) {
    grandchild(parent)
}

fn grandchild(parent: &Context) -> (Context, CancelHandle) {
    parent.with_cancel()
}

fn run(parent: &Context) {
    let (ctx, _) = child(parent); //~ lost_cancel
    step(&ctx);
}

fn forget(cancel: CancelHandle) {
    std::mem::forget(cancel); //~ lost_cancel
}

fn two(parent: &Context) {
    let (ctx, cancel) = child(parent);
    forget(cancel);
    step(&ctx);
}
