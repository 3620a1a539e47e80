//! Channels that functions of other files close.

mod net;
mod pool;

use crate::net::{hang_up, listen as start};
use gochan::prelude::*;

#[gochan::main]
fn main() {
    let calls = chan!(u32, 4);
    start(&calls);
    hang_up(&calls);
    send!(calls <- 1); //~ send_after_close

    let jobs = chan!(u32, 4);
    pool::feed(&jobs);
    pool::worker::stop(&jobs);
    close!(jobs); //~ double_close

    let last = chan!(u32, 4);
    net::finish(&last);
    send!(last <- 1); //~ send_after_close

    let results = chan!(u32, 4);
    net::report(&results);
    send!(results <- 2);
    close!(results);

    let other = chan!(u32, 4);
    pool::stop(&other);
    send!(other <- 3);
}
