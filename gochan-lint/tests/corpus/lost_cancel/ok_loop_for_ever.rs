use gochan::prelude::*;

fn run(parent: &Context) -> ! {
    let (ctx, cancel) = parent.with_cancel();
    if step(&ctx).is_err() {
        cancel.cancel();
    }
    loop { std::thread::park(); }
}
fn stop(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    match step(&ctx) {
        Ok(_) => cancel.cancel(),
        Err(_) => unreachable!(),
    }
}
