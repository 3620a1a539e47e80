use gochan::prelude::*;

fn run() {
    let ch = chan!(u32, 4);
    defer!(send!(ch <- 0)); //~ send_after_close
    work(1);
    close!(ch);
}
