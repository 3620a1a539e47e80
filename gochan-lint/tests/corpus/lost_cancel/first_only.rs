use gochan::prelude::*;

fn example() {
    let ctx = background().with_cancel().0; //~ lost_cancel
    run(&ctx);
}
