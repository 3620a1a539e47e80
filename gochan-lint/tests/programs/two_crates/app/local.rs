use gochan::prelude::*;

pub fn finish(ready: &Chan<()>) { println!("{}", ready.len()); }
