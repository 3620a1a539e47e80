use gochan::prelude::*;

fn example() {
    let (ctx, cancel) = background().with_cancel();
    Box::leak(Box::new(cancel)); //~ lost_cancel
    watch(ctx);
}
