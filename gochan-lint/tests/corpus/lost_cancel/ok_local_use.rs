use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, _cancel) = parent.with_timeout(Duration::from_secs(1));
    step(&ctx, 1);
}
