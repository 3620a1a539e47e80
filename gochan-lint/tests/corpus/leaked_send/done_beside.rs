use gochan::prelude::*;

fn fetch(ctx: &Context) -> Option<u32> {
    let (tx, rx) = chan!(u32).split();
    go!({
        let n = slow();
        tx.send(n).unwrap(); //~ leaked_send
    });
    select! {
        Some(n) = <-rx => Some(n),
        <-ctx.done() => None,
    }
}
