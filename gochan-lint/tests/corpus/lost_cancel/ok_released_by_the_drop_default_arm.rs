use gochan::prelude::*;

fn run(parent: &Context, rx: &Receiver<u32>) {
    let (ctx, cancel) = parent.with_cancel();
    prepare(&ctx);
    select! {
        v = <-rx => { work(v); cancel.cancel(); }
        default => work(0),
    }
}
