use std::time::Duration;

use gochan::prelude::*;

fn work(_: &Context) -> i32 {
    1
}

fn main() {
    let parent = background();
    with_context!(ctx = parent => work(&ctx));
    with_context!(ctx = background().with_value(1) => work(&ctx));
    with_context!(ctx = Duration::from_secs(1) => work(&ctx));
    with_context!(ctx = parent.with_timeout(1) => work(&ctx));
    let _: String = with_context!(ctx = parent.with_cancel() => work(&ctx));
    with_context!(ctx = parent.with_cancel() => work(ctx));
    with_context!((ctx, cancel) = parent.with_cancel() => {
        work(&ctx);
        cancel();
    });
    with_context!(ctx = parent.with_cancel() => work(&context));
}
