use gochan::prelude::*;

const BACKLOG: usize = 4096;

fn named() -> Chan<u32> { chan!(u32, BACKLOG) }
fn commented() -> Chan<u32> {
    // One for each client that the balancer lets through.
    chan!(u32, 2000)
}
fn beside() -> Chan<u32> {
    chan!(u32, 2000) // the balancer lets so many through
}
fn small() -> Chan<u32> { chan!(u32, 999) }
fn computed(n: usize) -> Chan<u32> { chan!(u32, n * 1000) }
