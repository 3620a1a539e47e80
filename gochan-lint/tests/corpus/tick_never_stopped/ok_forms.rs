use gochan::prelude::*;
use gochan::time::{Ticker, tick};

fn for_ever(rx: Receiver<u32>) -> ! {
    let ticks = tick(Duration::from_secs(1));
    loop {
        select! {
            Some(n) = <-rx => work(n),
            <-ticks => println!("still here"),
        }
    }
}
fn stopped(rx: Receiver<u32>) {
    let ticker = Ticker::new(Duration::from_secs(1));
    defer!({ ticker.stop(); });
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            <-ticker.channel() => println!("still here"),
        }
    }
}
fn main() {
    let ticks = tick(Duration::from_secs(1));
    for _ in &ticks {
        if done() { break; }
    }
}
fn until_told(ctx: &Context, tx: Sender<u32>) {
    let beat = tick(Duration::from_secs(1));
    loop {
        select! {
            <-beat => send!(tx <- 1),
            <-ctx.done() => return,
        }
    }
}
