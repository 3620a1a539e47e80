use gochan::prelude::*;

fn run(parent: &Context) -> u32 {
    let (ctx, cancel) = parent.with_cancel();
    if quick(&ctx) {
        cancel.cancel();
        return 0;
    }
    drop(cancel);
    1
}
