//! Loops that derive from what the turn before derived.

use gochan::prelude::*;
use std::time::Duration;

fn retry(ctx: &Context, attempts: u32) -> Result<(), Error> {
    let mut ctx = ctx.clone();
    for attempt in 0..attempts {
        ctx = ctx.with_value(Attempt(attempt)); //~ nested_context_in_loop
        if call(&ctx).is_ok() { return Ok(()); }
    }
    Err(Error::Exhausted)
}

fn poll(ctx: &Context, jobs: &Receiver<Job>) {
    let mut current = ctx.clone();
    while let Some(job) = jobs.recv() {
        let (next, cancel) = current.with_timeout(Duration::from_secs(1));
        current = next; //~ nested_context_in_loop
        run(&current, job);
        cancel.cancel();
    }
}

struct Session { ctx: Context, id: u64 } //~ context_in_struct

impl Session {
    fn requests(&mut self, requests: &[Request]) {
        for request in requests {
            self.ctx = self.ctx.with_value(RequestId(request.id)); //~ nested_context_in_loop
            self.handle(request);
        }
    }

    fn handle(&self, request: &Request) { answer(&self.ctx, request); }
}

fn pages(mut ctx: Context, client: &Client) -> Vec<Page> {
    let mut pages = Vec::new();
    loop {
        ctx = ctx.with_value(Cursor(pages.len())); //~ nested_context_in_loop
        match client.page(&ctx) {
            Some(page) => pages.push(page),
            None => return pages,
        }
    }
}

fn in_goroutine(ctx: Context, ticks: Receiver<u64>) {
    go!([ctx] {
        let mut ctx = ctx;
        for tick in &ticks {
            ctx = ctx.with_value(Tick(tick)); //~ nested_context_in_loop
            sample(&ctx);
        }
    });
}

fn nested(ctx: &Context, rows: &[Vec<u32>]) {
    for row in rows {
        let mut cell_ctx = ctx.clone();
        for cell in row {
            cell_ctx = cell_ctx.with_value(Cell(*cell)); //~ nested_context_in_loop
            visit(&cell_ctx);
        }
    }
}
