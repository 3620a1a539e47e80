use gochan::prelude::*;

fn run(parent: Context) {
    go!([parent] {
        let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
        match step(&ctx) {
            Ok(n) => work(n),
            Err(_) => return,
        }
        cancel.cancel();
    });
}
