use gochan::prelude::*;

fn run(ctx: &Context, a: &Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-a else { return } => work(n),
            <-ctx.done() => return,
        }
    }
}
