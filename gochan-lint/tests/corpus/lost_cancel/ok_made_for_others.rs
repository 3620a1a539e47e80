use gochan::prelude::*;

struct Task(Context, CancelHandle); //~ context_in_struct

fn task(parent: &Context) -> Result<Task, Error> {
    let (ctx, cancel) = parent.with_cancel();
    if parent.err().is_some() {
        return Err(Error);
    }
    Ok(Task(ctx, cancel))
}

fn pair(parent: &Context) -> Result<(Context, CancelHandle), Error> {
    let (ctx, cancel) = parent.with_cancel();
    check(&ctx)?;
    Ok((ctx, cancel))
}

fn handle(parent: &Context) -> Option<CancelHandle> {
    let (ctx, cancel) = parent.with_cancel();
    check(&ctx).ok()?;
    go!([ctx] watch(ctx));
    Some(cancel)
}

fn check(ctx: &Context) -> Result<(), Error> {
    ctx.check().map_err(|_| Error)
}

fn watch(ctx: Context) {
    recv!(ctx.done());
}
