use gochan::prelude::*;

fn example() {
    let (ctx, cancel) = background().with_cancel();
    std::mem::forget(cancel); //~ lost_cancel
    watch(ctx);
}
