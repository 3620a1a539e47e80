use gochan::prelude::*;

fn collect(results: Chan<u32>, ctx: Context) {
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
