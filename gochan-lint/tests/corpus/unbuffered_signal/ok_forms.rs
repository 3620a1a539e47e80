use gochan::prelude::*;

fn buffered() {
    let ch = chan!(Signal, 1);
    signal::notify(&ch, &[SIGINT]);
}
fn condition(cond: &Cond) {
    cond.notify_one();
    cond.notify_all();
}
