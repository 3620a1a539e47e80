//! What is not finished is underlined where it ends, however long the block is.

use gochan::prelude::*;

fn main() {
    let (ch, wg) = (chan!(i32), WaitGroup::new());
    go!([ch] {
        send!(ch <- 1);
        ch.
    });
    defer!(wg.);
    with_context!(ctx = background().with_cancel() => {
        println!("{ctx}");
        ctx.
    });
    select! {
        <-ch => {
            wg.
        }
    }
}
