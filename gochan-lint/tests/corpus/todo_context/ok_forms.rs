use gochan::prelude::*;

fn macro_of_std() -> u32 { todo!() }
fn own() { step(&todo()); }
fn todo() -> Context { background() }
