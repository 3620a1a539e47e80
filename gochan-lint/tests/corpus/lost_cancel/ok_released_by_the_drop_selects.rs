use gochan::prelude::*;
fn run(parent: &Context, rx: &Receiver<u32>) -> u32 {
    let (ctx, cancel) = parent.with_cancel();
    go!([ctx] watch(ctx));
    select! {
        n = <-rx => return n,
        <-parent.done() => cancel.cancel(),
    }
    0
}

fn watch(ctx: Context) {
    recv!(ctx.done());
}
