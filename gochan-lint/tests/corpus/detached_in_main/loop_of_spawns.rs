use gochan::prelude::*;

fn main() {
    for n in 0..10 {
        go!(work(n)); //~ detached_in_main
    }
}
