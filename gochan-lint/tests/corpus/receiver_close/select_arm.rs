use gochan::prelude::*;

fn collect(ctx: Context, results: Chan<u32>) {
    loop {
        select! {
            Some(v) = <-results else { return } => work(v),
            <-ctx.done() => {
                close!(results); //~ receiver_close
                return;
            }
        }
    }
}
