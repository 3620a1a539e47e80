use gochan::prelude::*;

fn run(parent: &Context) -> Result<(), Error> {
    let (ctx, cancel) = parent.with_cancel();
    connect(&ctx)?;
    cancel.cancel();
    Ok(())
}
