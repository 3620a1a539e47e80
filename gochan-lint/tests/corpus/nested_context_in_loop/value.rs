use gochan::prelude::*;

fn example() {
    let mut ctx = background();
    for n in 0..10 {
        ctx = ctx.with_value(RequestId(n)); //~ nested_context_in_loop
        work(&ctx);
    }
}
