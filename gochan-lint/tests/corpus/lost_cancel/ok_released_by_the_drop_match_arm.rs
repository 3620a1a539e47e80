use gochan::prelude::*;

fn run(parent: &Context, mode: u32) {
    let (ctx, cancel) = parent.with_cancel();
    match step(&ctx, mode) {
        0 => cancel.cancel(),
        _ => work(1),
    }
}
