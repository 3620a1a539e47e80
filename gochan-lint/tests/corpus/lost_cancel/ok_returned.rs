use gochan::prelude::*;

fn make(parent: &Context) -> (Context, CancelHandle) {
    let (ctx, cancel) = parent.with_cancel();
    (ctx, cancel)
}
