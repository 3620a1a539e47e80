use gochan::prelude::*;

pub struct Batch { pub size: usize }

impl Batch {
    pub fn run(self) -> u32 { check(self.size) }
}

fn check(size: usize) -> u32 { u32::try_from(size).unwrap() }

pub fn careful(wg: WaitGroup, n: u32) {
    defer!(wg.done());
    println!("{n}");
}

pub fn forgetful(wg: WaitGroup, n: u32) {
    if n > 1 { return; } //~ missing_done
    println!("{n}");
    wg.done(); //~ done_not_deferred
}
