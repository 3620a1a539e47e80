use crate::types::{self, scope};
use gochan::prelude::*;

struct Mutex;
impl Mutex { fn lock(&self) -> u32 { 1 } }

/// Another crate's name for another thing.
fn own_mutex(mutex: &Mutex) {
    let first = mutex.lock();
    let second = mutex.lock();
    println!("{}", first + second);
}

fn forgets() {
    let (ctx, _) = scope(); //~ lost_cancel
    go!([ctx] { println!("{:?}", ctx.err()); });
}

fn keeps() {
    let (ctx, cancel) = types::scope();
    defer!(cancel.cancel());
    println!("{:?}", ctx.err());
}
