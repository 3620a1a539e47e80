use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 2);
    send!(ch <- 1);
    close!(ch);
}
