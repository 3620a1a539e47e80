use gochan::prelude::*;

struct Why;

fn main() {
    let (ctx, cancel) = background().with_cancel_cause();
    cancel.cancel_cause(Why);
    let _: &str = ctx.value();
}
