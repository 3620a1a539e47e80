use gochan::prelude::*;

fn run(parent: &Context, rx: &Receiver<u32>) -> u32 {
    let (ctx, cancel) = parent.with_cancel();
    let n = select! {
        v = <-rx => v,
        <-ctx.done() => 0,
    };
    cancel.cancel();
    match n {
        0 => 1,
        n => n,
    }
}
