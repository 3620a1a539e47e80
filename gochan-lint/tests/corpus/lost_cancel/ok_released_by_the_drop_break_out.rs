use gochan::prelude::*;

fn run(parent: &Context) {
    for n in 0..10 {
        let (ctx, cancel) = parent.with_cancel();
        if !step(&ctx, n) {
            break;
        }
        cancel.cancel();
    }
}
