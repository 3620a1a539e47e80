use gochan::prelude::*;

fn run(parent: &Context, bad: bool) {
    let (ctx, cancel) = parent.with_cancel();
    if bad {
        panic!("bad");
    }
    if worse(&ctx) {
        std::process::exit(1);
    }
    cancel.cancel();
}
