use gochan::prelude::*;

fn run(bad: u32) {
    let ch = chan!(u32, 1);
    if bad > 3 {
        close!(ch);
    }
    work(1);
    close!(ch); //~ double_close
}
