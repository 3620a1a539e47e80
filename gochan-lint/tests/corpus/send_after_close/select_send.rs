use gochan::prelude::*;

fn run(ctx: &Context, ch: Chan<u32>) {
    close!(ch);
    select! {
        ch <- 1 => work(1), //~ send_after_close
        <-ctx.done() => {}
    }
}
