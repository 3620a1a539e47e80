//! A token bucket, and clients that keep to it.

use gochan::context::{CancelHandle, ContextError};
use gochan::prelude::*;
use gochan::time::{Ticker, now};
use std::error::Error;
use std::time::{Duration, Instant};

/// Hands out tokens at a steady rate, and a burst of them at first.
struct Limiter {
    tokens: Receiver<()>,
    cancel: CancelHandle,
    finished: Receiver<()>,
}

impl Limiter {
    fn new(parent: &Context, every: Duration, burst: usize) -> Limiter {
        let (ctx, cancel) = parent.with_cancel();
        let tokens = chan!((), burst);
        for _ in 0..burst {
            if tokens.try_send(()).is_err() {
                break;
            }
        }
        let finished = chan!(());
        go!(fill(ctx, tokens.sender(), every, finished.sender()));
        Limiter { tokens: tokens.receiver(), cancel, finished: finished.receiver() }
    }

    /// Waits for a token.
    fn wait(&self, ctx: &Context) -> Result<(), ContextError> {
        select! {
            Some(()) = <-self.tokens else { return Err(ContextError::Canceled) } => Ok(()),
            <-ctx.done() => ctx.check(),
        }
    }

    fn allow(&self) -> bool {
        self.tokens.try_recv().is_ok()
    }

    /// Stops the filling, and waits until it has stopped.
    fn stop(self) {
        self.cancel.cancel();
        let _ = self.finished.recv();
    }
}

fn fill(ctx: Context, tokens: Sender<()>, every: Duration, finished: Sender<()>) {
    defer!(close!(finished));
    let ticker = Ticker::new(every);
    defer!({
        ticker.stop();
    });
    loop {
        select! {
            <-ticker.channel() => {
                // A full bucket loses the token.
                let _ = tokens.try_send(());
            }
            <-ctx.done() => return,
        }
    }
}

#[derive(Debug)]
struct Report {
    client: usize,
    calls: usize,
    took: Duration,
}

fn client(
    ctx: &Context,
    limiter: &Limiter,
    id: usize,
    calls: usize,
) -> Result<Report, Box<dyn Error + Send + Sync>> {
    let begin = Instant::now();
    let mut done = 0;
    while done < calls {
        limiter.wait(ctx)?;
        done += 1;
    }
    Ok(Report { client: id, calls: done, took: begin.elapsed() })
}

#[gochan::main]
fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (ctx, cancel) = background().with_timeout(Duration::from_secs(10));
    defer!(cancel.cancel());

    let limiter = std::sync::Arc::new(Limiter::new(&ctx, Duration::from_millis(1), 3));
    const CLIENTS: usize = 4;
    let reports = chan!(Result<Report, Box<dyn Error + Send + Sync>>, CLIENTS);
    for id in 0..CLIENTS {
        let limiter = limiter.clone();
        go!([reports, ctx] {
            send!(reports <- client(&ctx, &limiter, id, 5));
        });
    }
    for _ in 0..CLIENTS {
        let Some(report) = reports.recv() else { break };
        let report = report?;
        println!("client {} made {} calls in {:?}", report.client, report.calls, report.took);
    }
    if limiter.allow() {
        println!("a token is left at {:?}", now());
    }
    if let Ok(limiter) = std::sync::Arc::try_unwrap(limiter) {
        limiter.stop();
    }
    Ok(())
}
