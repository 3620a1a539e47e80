use gochan::prelude::*;

fn run(ch: Sender<u32>, ctx: Context) {
    close!(ch);
    select! {
        ch <- 1 => work(1), //~ send_after_close
        <-ctx.done() => {}
    }
}
