fn deferred_block(parent: &Context) -> Result<(), Error> {
    let (ctx, cancel) = parent.with_cancel();
    defer! { println!("bye"); cancel.cancel(); }
    step(&ctx)?;
    Ok(())
}
fn dropped(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    step(&ctx);
    drop(cancel);
}
fn guard(parent: &Context) -> Result<(), Error> {
    let (ctx, _cancel) = parent.with_cancel();
    step(&ctx)?;
    Ok(())
}
fn with_macro(parent: &Context) -> Result<u32, Error> {
    with_context!((ctx, cancel) = parent.with_cancel() => {
        if step(&ctx)? == 0 { cancel.cancel(); }
        Ok(1)
    })
}
fn passed(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    supervise(ctx, cancel);
}
fn boxed(parent: &Context) -> Box<dyn Fn()> {
    let (ctx, cancel) = parent.with_cancel();
    watch(ctx);
    Box::new(move || cancel.cancel())
}
fn after_end(stop: &Stop) -> Context {
    let (ctx, cancel) = background().with_cancel();
    stop.after_func(move || cancel.cancel());
    ctx
}
fn timer(parent: &Context) -> Context {
    let (ctx, cancel) = parent.with_cancel();
    gochan::time::after_func(Duration::from_secs(1), move || cancel.cancel());
    ctx
}
