use gochan::prelude::*;

fn consume(rx: Receiver<i32>) {
    send!(rx <- 1);
    send!(&rx <- 1);
    rx.send(1);
}

fn main() {
    consume(Receiver::nil());
}
