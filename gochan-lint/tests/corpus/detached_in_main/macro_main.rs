use gochan::prelude::*;

#[gochan::main]
fn main() {
    println!("hello");
    go!({ work(1); }); //~ detached_in_main
}
