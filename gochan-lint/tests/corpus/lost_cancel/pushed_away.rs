use gochan::prelude::*;

fn run(parent: &Context, contexts: &mut Vec<Context>) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    contexts.push(ctx);
}
