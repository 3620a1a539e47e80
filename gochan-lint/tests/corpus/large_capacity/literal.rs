use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 5000); //~ large_capacity
    start(&ch);
}
