//! The same handlers with the caller's context, and roots where nobody has one.

use gochan::context::background;
use gochan::prelude::*;
use std::time::Duration;

struct Api { store: Store, cache: Cache }

impl Api {
    fn get(&self, ctx: &Context, key: &str) -> Option<Value> {
        let value = self.store.load(ctx, key)?;
        // The cache is filled even if the request is given up.
        self.cache.put(&ctx.without_cancel(), key, &value);
        Some(value)
    }

    fn put(&self, ctx: &Context, key: &str, value: Value) -> Result<(), Error> {
        let (limited, cancel) = ctx.with_timeout(Duration::from_secs(2));
        defer!(cancel.cancel());
        self.store.save(&limited, key, value)
    }

    fn warm_up(&self) {
        self.store.load(&background(), "index");
    }
}

fn middleware(ctx: &Context, request: Request, next: impl Fn(&Context, Request) -> Response) -> Response {
    next(&ctx.with_value(TraceId::of(&request)), request)
}

#[gochan::test]
fn a_request_is_answered() {
    assert!(Api::of_test().get(&background(), "a").is_none());
}

fn cron(jobs: &[Job]) {
    let (ctx, cancel) = background().with_cancel();
    defer!(cancel.cancel());
    for job in jobs { job.run(&ctx); }
}
