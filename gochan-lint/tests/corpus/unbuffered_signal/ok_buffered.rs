use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 1);
    notify(&ch, 2);
    recv!(ch);
}
