use gochan::prelude::*;

fn main() {
    let escaped = with_context!(ctx = background().with_cancel() => &ctx);
    println!("{escaped}");
    let done = with_context!(ctx = background().with_cancel() => ctx.done());
    println!("{done:?}");
}
