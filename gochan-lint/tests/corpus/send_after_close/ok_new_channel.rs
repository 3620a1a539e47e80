use gochan::prelude::*;

fn reassigned() {
    let mut ch = chan!(u32, 1);
    close!(ch);
    ch = chan!(u32, 1);
    send!(ch <- 1);
}
fn shadowed() {
    let ch = chan!(u32, 1);
    close!(ch);
    let ch = chan!(u32, 1);
    send!(ch <- 1);
}
fn branches(ch: Chan<u32>, last: bool) {
    if last { close!(ch); } else { send!(ch <- 1); }
}
fn returns(ch: Chan<u32>, last: bool) {
    if last { close!(ch); return; }
    send!(ch <- 1);
}
fn other(a: Chan<u32>, b: Chan<u32>) {
    close!(a);
    send!(b <- 1);
}
fn deferred(ch: Chan<u32>) {
    defer!(close!(ch));
    send!(ch <- 1);
}
fn each_turn() {
    for n in 0..3 {
        let ch = chan!(u32, 1);
        send!(ch <- n);
        close!(ch);
    }
}
