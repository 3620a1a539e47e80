use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 1);
    for n in 0..3 {
        work(n);
        close!(ch); //~ double_close
    }
}
