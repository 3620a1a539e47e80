use gochan::prelude::*;

fn example() {
    go!(|| println!("hello")); //~ missing_call
}
