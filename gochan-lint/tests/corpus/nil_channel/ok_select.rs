use gochan::prelude::*;

fn example() {
    let ch: Chan<u32> = Chan::nil();
    select! { n = <-ch => work(n), default => work(0) }
}
