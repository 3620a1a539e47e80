use gochan::prelude::*;

fn run() {
    let ch = chan!(u32, 4);
    let tx = ch.clone();
    close!(ch);
    send!(tx <- 1); //~ send_after_close
}
