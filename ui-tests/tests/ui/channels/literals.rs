use gochan::prelude::*;

fn main() {
    let ch = chan!(i32, 1);
    send!(ch <- "one");
    send!(ch.receiver() <- "one");
    select! { ch <- "one" => {} }
}
