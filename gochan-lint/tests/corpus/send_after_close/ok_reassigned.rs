use gochan::prelude::*;

fn example() {
    let mut ch = chan!(u32, 2);
    close!(ch);
    ch = chan!(u32, 2);
    send!(ch <- 1);
}
