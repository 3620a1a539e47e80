use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1));
    defer!(cancel.cancel());
    work(&ctx);
}
