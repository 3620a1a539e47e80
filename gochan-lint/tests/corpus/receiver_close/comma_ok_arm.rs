use gochan::prelude::*;

fn collect(ctx: Context, results: Chan<u32>) {
    loop {
        select! {
            v, ok = <-results => {
                if !ok { return; }
                if v == 0 {
                    close!(results); //~ receiver_close
                    return;
                }
                work(v);
            }
            <-ctx.done() => return,
        }
    }
}
