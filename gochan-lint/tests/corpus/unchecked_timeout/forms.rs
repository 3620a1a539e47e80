use gochan::prelude::*;

fn fetch(parent: &Context) -> u32 {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1)); //~ unchecked_timeout
    defer!(cancel.cancel());
    let _unused = &ctx;
    slow()
}
