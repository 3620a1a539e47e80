use gochan::prelude::*;

fn run(ctx: &Context, jobs: Receiver<u32>, out: Sender<u32>) {
    loop {
        select! {
            Some(n) = <-jobs else { close!(out); break } => work(n),
            <-ctx.done() => break,
        }
    }
    close!(out); //~ double_close
}
