use gochan::prelude::*;

fn first(ctx: Context, results: Chan<u32>) -> u32 {
    select! {
        v = <-results => {
            close!(results); //~ receiver_close
            v
        }
        <-ctx.done() => 0,
    }
}
