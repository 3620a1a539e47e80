use gochan::prelude::*;

pub fn listen(calls: &Chan<u32>) {
    send!(calls <- 0);
}

pub fn hang_up(calls: &Chan<u32>) {
    close!(calls);
}

/// Closes, unlike the function of this name in `pool`.
pub fn finish(calls: &Chan<u32>) {
    close!(calls);
}

pub fn report(results: &Chan<u32>) {
    println!("{}", results.len());
}
