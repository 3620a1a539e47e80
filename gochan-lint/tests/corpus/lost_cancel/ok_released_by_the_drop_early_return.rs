use gochan::prelude::*;

fn run(parent: &Context) -> u32 {
    let (ctx, cancel) = parent.with_cancel();
    if quick(&ctx) {
        return 0;
    }
    let n = slow(&ctx);
    cancel.cancel();
    n
}
