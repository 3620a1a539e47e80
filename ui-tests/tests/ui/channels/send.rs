use gochan::prelude::*;

fn main() {
    let ch = chan!(i32, 8);
    send!();
    send!(ch);
    send!(ch, 1);
    send!(ch <- );
    send!(<- 1);
    send!(ch -> 1);
    send!(ch < - 1);
    send!(ch <- 1 <- 2);
    send!(ch <- 1 2);
    send!(ch <- "one");
}
