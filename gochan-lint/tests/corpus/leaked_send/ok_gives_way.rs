use gochan::prelude::*;

fn run(ctx: &Context) {
    let ch = chan!(u32);
    go!([ch, ctx] {
        let n = slow();
        select! { ch <- n => {}, <-ctx.done() => {} }
    });
    select! {
        n = <-ch => work(n),
        <-ctx.done() => {}
    }
}
