use gochan::prelude::*;

static KEPT: OnceLock<CancelHandle> = OnceLock::new();
fn start() {
    let (ctx, cancel) = background().with_cancel();
    KEPT.set(cancel).ok(); //~ lost_cancel
    watch(ctx);
}
