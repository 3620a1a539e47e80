//! Handlers that have a context and begin a new one.

use gochan::context::{self, background};
use gochan::prelude::*;
use std::time::Duration;

struct Api { store: Store, cache: Cache }

impl Api {
    fn get(&self, ctx: &Context, key: &str) -> Option<Value> {
        if let Some(value) = self.cache.get(ctx, key) { return Some(value); }
        let value = self.store.load(&background(), key)?; //~ context_dropped
        self.cache.put(ctx, key, &value);
        Some(value)
    }

    fn put(&self, ctx: &Context, key: &str, value: Value) -> Result<(), Error> {
        let (limited, cancel) = context::background().with_timeout(Duration::from_secs(2)); //~ context_dropped
        defer!(cancel.cancel());
        self.authorise(ctx)?;
        self.store.save(&limited, key, value)
    }

    fn all(&self, ctx: Context, keys: &[String], out: Sender<Value>) {
        for key in keys {
            let (store, key) = (self.store.clone(), key.clone());
            go!([out] { if let Some(value) = store.load(&background(), &key) { send!(out <- value); } }); //~ context_dropped
        }
        self.audit(&ctx);
    }
}

fn middleware(ctx: &Context, request: Request, next: impl Fn(&Context, Request) -> Response) -> Response {
    let traced = background().with_value(TraceId::of(&request)); //~ context_dropped
    record(ctx, &request);
    next(&traced, request)
}

fn fallback(ctx: Option<&Context>, other: &Context) {
    let root = gochan::context::background(); //~ context_dropped
    process(ctx.unwrap_or(&root), other);
}

fn workers(ctx: Context, jobs: Receiver<Job>) {
    let (pool, stop) = background().with_cancel(); //~ context_dropped
    defer!(stop.cancel());
    for job in &jobs {
        if ctx.err().is_some() { return; }
        job.run(&pool);
    }
}
