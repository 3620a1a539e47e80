use gochan::prelude::*;

fn example() {
    let (ctx, ..) = background().with_timeout(Duration::from_secs(1)); //~ lost_cancel
    run(&ctx);
}
