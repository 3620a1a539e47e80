use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1)); //~ unchecked_timeout
    work(1);
    cancel.cancel();
}
