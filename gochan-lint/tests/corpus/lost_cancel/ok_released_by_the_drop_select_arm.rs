use gochan::prelude::*;

fn run(parent: &Context, rx: &Receiver<u32>) {
    let (ctx, cancel) = parent.with_cancel();
    select! {
        <-rx => cancel.cancel(),
        <-ctx.done() => work(1),
    }
}
