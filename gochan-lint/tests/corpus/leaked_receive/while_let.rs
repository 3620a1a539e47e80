use gochan::prelude::*;

fn run() {
    let ch: Chan<u32> = chan!(u32, 4);
    let inbox = ch.clone();
    go!({
        while let Some(n) = inbox.recv() { work(n); } //~ leaked_receive
    });
}
