//! The same program when it is done, and other things named `todo`.

use gochan::context::{Context, background};
use gochan::prelude::*;

struct Repository { db: Database, todo: Vec<Row> }

impl Repository {
    fn load(&self, ctx: &Context, id: u64) -> Option<Row> {
        self.db.query(ctx, id)
    }

    fn todo(&self) -> &[Row] { &self.todo }

    fn flush(&self, ctx: &Context) {
        for row in self.todo() { self.db.store(ctx, row); }
    }
}

mod list {
    pub fn todo() -> Vec<String> { Vec::new() }
}

fn print_list() {
    for item in list::todo() { println!("{item}"); }
}

fn unfinished() -> u32 { todo!("later") }

#[gochan::main]
fn main() {
    serve(&background());
}
