use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 1);
    close!(ch);
    work(1);
    close!(ch); //~ double_close
}
