use gochan::prelude::*;

fn main() {
    let list = vec![1];
    send!(list <- 1);
    recv!(list);
    close!(list);
}
