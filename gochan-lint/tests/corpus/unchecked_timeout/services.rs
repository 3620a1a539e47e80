//! Limits that are set and then forgotten: nothing below them sees the context.

use gochan::prelude::*;
use std::time::{Duration, Instant};

struct Client { retries: u32, limit: Duration }

impl Client {
    fn fetch(&self, parent: &Context, key: &str) -> Option<Vec<u8>> {
        let (limited, cancel) = parent.with_timeout(self.limit); //~ unchecked_timeout
        defer!(cancel.cancel());
        (0..self.retries).find_map(|_| read(key))
    }

    fn store(&self, parent: &Context, key: &str, value: &[u8]) {
        let (store_ctx, cancel) = parent.with_deadline(Instant::now() + self.limit); //~ unchecked_timeout
        write(key, value);
        cancel.cancel();
    }
}

/// The goroutine has the parent, not what was derived for it.
fn in_goroutine(parent: Context) {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(5)); //~ unchecked_timeout
    let handle = go!([parent] { process(&parent) });
    handle.join().unwrap();
    cancel.cancel();
}

fn each_step(parent: &Context, steps: &[Step]) -> Result<(), ContextError> {
    for step in steps {
        let (step_ctx, cancel) = parent.with_timeout(step.limit); //~ unchecked_timeout
        step.run(parent);
        cancel.cancel();
        parent.check()?;
    }
    Ok(())
}

fn with_cause(parent: &Context) -> u32 {
    let (ctx, cancel) = parent.with_timeout_cause(Duration::from_secs(1), TooSlow); //~ unchecked_timeout
    defer!(cancel.cancel());
    total(&[1, 2, 3])
}

fn query(db: &Database) -> Rows {
    let (ctx, cancel) = background().with_timeout(Duration::from_secs(30)); //~ unchecked_timeout
    let rows = db.query("select * from jobs");
    drop(cancel);
    rows
}
