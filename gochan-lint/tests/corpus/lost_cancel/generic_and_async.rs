use gochan::prelude::*;
async fn one<T: Job>(parent: Context, job: T) {
    let (ctx, _cancel) = parent.with_timeout(SECOND);
    job.run(&ctx).await;
    let (inner, _) = ctx.with_cancel(); //~ lost_cancel
    job.run(&inner).await;
}

fn run<F>(parent: &Context, f: F) -> Result<(), Error>
where
    F: FnOnce(Context) -> Result<(), Error>,
{
    let (ctx, cancel) = parent.with_deadline(later()); //~ lost_cancel
    go!([ctx] watch(ctx));
    f(ctx.clone())?;
    cancel.cancel();
    Ok(())
}

fn watch(ctx: Context) {
    recv!(ctx.done());
}
