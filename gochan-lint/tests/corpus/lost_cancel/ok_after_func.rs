use gochan::prelude::*;

fn run(stop: &Stop) -> Context {
    let (ctx, cancel) = background().with_cancel();
    stop.after_func(move || cancel.cancel());
    ctx
}
