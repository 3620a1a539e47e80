//! No more than so many requests a second: a steady limit, and one that allows bursts.
//!
//! ```text
//! $ cargo run --bin rate_limit
//! steady: 4 requests, each in its turn
//! bursty: 3 requests at once, then 4 more, each in its turn
//! bursty: one gave up waiting
//! ```
//!
//! Waiting for a tick before each request makes them steady. For bursts, the ticks fill a bucket of
//! tokens, a buffered channel, which holds a few for when they are needed; what does not fit is
//! dropped. Who waits for a token is an ordinary receiver, so it can give up like any other.

use std::time::{Duration, Instant};

use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::time::{self, tick};

/// One request per period.
const PERIOD: Duration = Duration::from_millis(20);
/// How many may come at once after a quiet time.
const BURST: usize = 3;

/// A full bucket, which a goroutine goes on filling until the context ends.
fn bucket(ctx: &Context) -> Receiver<()> {
    let (tx, tokens) = chan!((), BURST).split();
    (0..BURST).for_each(|_| send!(tx <- ()));
    go!([ctx] {
        let ticks = tick(PERIOD);
        loop {
            select! {
                // A full bucket stays full.
                <-ticks => _ = tx.try_send(()),
                <-ctx.done() => return,
            }
        }
    });
    tokens
}

/// Waits for a token as long as the context allows.
fn acquire(ctx: &Context, tokens: &Receiver<()>) -> Result<Instant, ContextError> {
    select! {
        // Who is told to stop takes no token.
        biased;
        <-ctx.done() => Err(ctx.err().expect("it has ended")),
        <-tokens => Ok(time::now()),
    }
}

/// Says whether no request came before its turn.
fn judge(start: Instant, requests: &[Instant]) -> &'static str {
    let turns = (1..).map(|turn| start + turn * PERIOD);
    if requests.iter().zip(turns).all(|(at, turn)| *at >= turn) { "each in its turn" } else { "too early" }
}

#[gochan::main]
fn main() -> Result<(), ContextError> {
    let start = time::now();
    let ticks = tick(PERIOD);
    let requests: Vec<Instant> = ticks.iter().take(4).collect();
    println!("steady: {} requests, {}", requests.len(), judge(start, &requests));

    with_context!(ctx = background().with_cancel() => {
        let start = time::now();
        let tokens = bucket(&ctx);
        for _ in 0..BURST {
            acquire(&ctx, &tokens)?;
        }
        let requests = (0..4).map(|_| acquire(&ctx, &tokens)).collect::<Result<Vec<_>, _>>()?;
        println!(
            "bursty: {BURST} requests at once, then {} more, {}",
            requests.len(),
            judge(start, &requests)
        );

        let (impatient, give_up) = ctx.with_cancel();
        give_up.cancel();
        if acquire(&impatient, &tokens) == Err(ContextError::Canceled) {
            println!("bursty: one gave up waiting");
        }
        Ok(())
    })
}
