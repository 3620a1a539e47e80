use gochan::prelude::*;

fn run(parent: Context) -> impl Fn(u32) -> Result<u32, Error> {
    move |n| {
        let (ctx, cancel) = parent.with_cancel();
        let m = step(&ctx, n)?;
        cancel.cancel();
        Ok(m)
    }
}
