use gochan::prelude::*;

fn run(parent: &Context) -> Result<(), Error> {
    let (ctx, cancel) = parent.with_cancel();
    defer!(cancel.cancel());
    connect(&ctx)?;
    Ok(())
}
