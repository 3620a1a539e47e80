use gochan::prelude::*;

fn run(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    if let Err(error) = step(&ctx) {
        println!("{error}");
        return;
    }
    drop(cancel);
}
