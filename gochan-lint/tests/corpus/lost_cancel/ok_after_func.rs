use gochan::prelude::*;

fn run(parent: &Context) -> Context {
    let (ctx, cancel) = background().with_cancel();
    parent.after_func(move || cancel.cancel());
    ctx
}
