use gochan::prelude::*;

fn run() {
    let ch = chan!(u32, 1);
    ch.close();
    work(1);
    close!(ch); //~ double_close
}
