use gochan::prelude::*;

fn example() {
    let (ctx, _) = background().with_cancel(); //~ lost_cancel
    go!(work(ctx.clone()));
}
