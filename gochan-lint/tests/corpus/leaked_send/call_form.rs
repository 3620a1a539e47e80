use gochan::prelude::*;

fn ask(out: Sender<u32>, n: u32) {
    send!(out <- slow(n)); //~ leaked_send
}

fn run(ctx: &Context) -> u32 {
    let ch = chan!(u32);
    go!(ask(ch.sender(), 1));
    select! {
        n = <-ch => n,
        <-ctx.done() => 0,
    }
}
