use gochan::prelude::*;

fn example() {
    let (ctx, cancel) = background().with_cancel();
    let kept = std::mem::ManuallyDrop::new(cancel); //~ lost_cancel
    watch(ctx);
}
