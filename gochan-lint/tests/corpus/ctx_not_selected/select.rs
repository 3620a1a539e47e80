use gochan::prelude::*;

fn run(ctx: &Context, a: &Receiver<u32>, b: &Receiver<u32>) {
    loop {
        select! { //~ ctx_not_selected
            Some(n) = <-a else { return } => work(n),
            Some(n) = <-b else { return } => work(n),
        }
    }
}
