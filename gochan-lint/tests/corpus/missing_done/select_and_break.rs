use gochan::prelude::*;

fn run(ctx: Context, rx: Receiver<u32>) {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([ctx, wg, rx] {
        loop {
            select! {
                Some(n) = <-rx else { break } => work(n),
                <-ctx.done() => return, //~ missing_done
            }
        }
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}
