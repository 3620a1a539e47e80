use gochan::prelude::*;

fn make(parent: &Context) -> Server {
    let (ctx, cancel) = parent.with_cancel();
    Server { ctx, cancel }
}
