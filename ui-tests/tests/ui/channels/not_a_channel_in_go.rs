use gochan::prelude::*;
use gochan::time::{Ticker, Timer};
use std::time::Duration;

fn main() {
    let (timer, ticker) = (Timer::new(Duration::ZERO), Ticker::new(Duration::from_secs(1)));
    let handle = go!({ 1 });
    recv!(timer);
    recv!(ticker, ok);
    recv!(handle);
    select! { <-background() => {} }
}
