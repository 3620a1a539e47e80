use gochan::prelude::*;

fn asks(parent: &Context) -> Result<(), ContextError> {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1));
    defer!(cancel.cancel());
    slow();
    ctx.check()
}
fn passes(parent: &Context) {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1));
    defer!(cancel.cancel());
    step(&ctx);
}
fn selects(parent: &Context, rx: &Receiver<u32>) {
    with_context!(ctx = parent.with_timeout(Duration::from_secs(1)) => {
        select! { n = <-rx => work(n), <-ctx.done() => {} }
    });
}
