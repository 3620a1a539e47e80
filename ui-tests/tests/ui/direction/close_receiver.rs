use gochan::prelude::*;

fn consume(rx: Receiver<i32>) {
    close!(rx);
    rx.close();
}

fn main() {
    consume(Receiver::nil());
}
