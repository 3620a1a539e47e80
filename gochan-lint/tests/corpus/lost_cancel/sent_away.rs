use gochan::prelude::*;

fn run(parent: &Context, contexts: Sender<Context>) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    send!(contexts <- ctx);
}
