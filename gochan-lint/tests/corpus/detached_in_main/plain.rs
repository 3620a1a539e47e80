use gochan::prelude::*;

fn main() {
    go!(work(1)); //~ detached_in_main
    println!("started");
}
