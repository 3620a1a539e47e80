use gochan::prelude::*;

fn relay(ctx: Context, ch: Chan<u32>) {
    for n in 0..10 {
        select! {
            ch <- n => {}
            v = <-ch => work(v),
            <-ctx.done() => break,
        }
    }
    close!(ch);
}
