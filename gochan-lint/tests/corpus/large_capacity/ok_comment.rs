use gochan::prelude::*;

fn example() {
    // A page of jobs comes at once.
    let ch = chan!(u32, 5000);
    start(&ch);
}
