use gochan::prelude::*;

fn buffered() {
    let ch = chan!(u32, 64);
    send!(ch <- 1);
    for n in &ch {
        if n > 9 { break; }
        send!(ch <- n + 1);
    }
}
fn other(input: Receiver<u32>, output: Sender<u32>) {
    for n in &input { send!(output <- n); }
}
