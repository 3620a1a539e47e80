use gochan::prelude::*;

fn by_method(ch: Chan<u32>) {
    for n in ch.iter() {
        ch.send(n + 1).unwrap();
    }
}
fn unbuffered() {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); });
    for n in &ch {
        if n < 10 {
            ch.send(n + 1).unwrap(); //~ range_own_send
        } else {
            break;
        }
    }
}
fn through_clone() {
    let queue = chan!(String);
    let more = queue.sender();
    go!([queue] { send!(queue <- "a".to_owned()); });
    for dir in queue.iter() { //~ leaked_receive
        for sub in list(dir) { send!(more <- sub); } //~ range_own_send
    }
}
fn while_let() {
    let (tx, rx) = chan!(u32).split();
    go!([tx] { send!(tx <- 1); });
    while let Some(n) = rx.recv() {
        send!(tx <- n); //~ range_own_send
    }
}
