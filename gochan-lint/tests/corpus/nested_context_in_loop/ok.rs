use gochan::prelude::*;

fn example() {
    let ctx = background();
    for n in 0..10 {
        let ctx = ctx.with_value(RequestId(n));
        work(&ctx);
    }
}
