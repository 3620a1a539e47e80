//! The same loops, deriving from the context outside of the loop.

use gochan::prelude::*;
use std::time::Duration;

fn retry(ctx: &Context, attempts: u32) -> Result<(), Error> {
    for attempt in 0..attempts {
        let ctx = ctx.with_value(Attempt(attempt));
        if call(&ctx).is_ok() { return Ok(()); }
    }
    Err(Error::Exhausted)
}

fn poll(ctx: &Context, jobs: &Receiver<Job>) {
    while let Some(job) = jobs.recv() {
        let (job_ctx, cancel) = ctx.with_timeout(Duration::from_secs(1));
        run(&job_ctx, job);
        cancel.cancel();
        if ctx.err().is_some() { return; }
    }
}

/// A chain that is meant, and ends.
fn layers(mut ctx: Context) -> Context {
    ctx = ctx.with_value(User("a"));
    ctx = ctx.with_value(Tenant("b"));
    ctx
}

fn latest(parent: &Context, versions: &[u64]) {
    let mut ctx = parent.clone();
    for version in versions {
        ctx = parent.with_value(Version(*version));
        render(&ctx);
    }
    finish(&ctx);
}

fn detached(ctx: &Context, items: &[Item]) {
    let mut ctx = ctx.clone();
    for item in items {
        ctx = ctx.without_cancel();
        store(&ctx, item);
    }
}
