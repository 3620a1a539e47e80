//! The same with the context passed on, waited for or asked.

use gochan::prelude::*;
use std::time::{Duration, Instant};

struct Client { retries: u32, limit: Duration }

impl Client {
    fn fetch(&self, parent: &Context, key: &str) -> Option<Vec<u8>> {
        let (limited, cancel) = parent.with_timeout(self.limit);
        defer!(cancel.cancel());
        (0..self.retries).find_map(|_| read(&limited, key))
    }

    fn store(&self, parent: &Context, key: &str, value: &[u8]) -> Result<(), ContextError> {
        let (ctx, cancel) = parent.with_deadline(Instant::now() + self.limit);
        defer!(cancel.cancel());
        for chunk in value.chunks(1024) {
            ctx.check()?;
            write(key, chunk);
        }
        Ok(())
    }
}

fn in_goroutine(parent: &Context) {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(5));
    defer!(cancel.cancel());
    go!([ctx] { process(&ctx) }).join().unwrap();
}

fn waits_for_its_end(parent: &Context, results: &Receiver<u32>) -> Option<u32> {
    let (ctx, cancel) = parent.with_timeout(Duration::from_millis(250));
    defer!(cancel.cancel());
    select! {
        n = <-results => Some(n),
        <-ctx.done() => None,
    }
}

fn derived_further(parent: &Context) {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1));
    defer!(cancel.cancel());
    process(&ctx.with_value(RequestId(7)));
}

fn in_a_struct(parent: &Context) -> Session {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1));
    Session { ctx, cancel }
}
