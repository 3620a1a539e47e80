use gochan::prelude::*;

fn selects(ctx: &Context, rx: Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            <-ctx.done() => return,
        }
    }
}
fn checks(ctx: &Context, rx: Receiver<u32>) -> Result<(), ContextError> {
    for n in &rx {
        ctx.check()?;
        work(n);
    }
    Ok(())
}
fn asks(ctx: &Context, rx: Receiver<u32>) {
    while let Some(n) = rx.recv() {
        if ctx.err().is_some() { return; }
        work(n);
    }
}
fn passes_on(ctx: &Context, rx: Receiver<u32>) {
    loop {
        let Some(n) = next(ctx, &rx) else { return };
        work(n);
    }
}
fn done_by_name(ctx: &Context, rx: Receiver<u32>) {
    let done = ctx.done();
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            <-done => return,
        }
    }
}
fn no_loop(ctx: &Context, rx: Receiver<u32>) {
    work(rx.recv());
}
fn through_pattern(ctx: &Context, rx: Receiver<u32>) {
    for n in &gochan::patterns::or_done(ctx, rx) { work(n); }
}
