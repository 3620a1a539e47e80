use gochan::prelude::*;

fn example() {
    let ch: Chan<u32> = Chan::nil();
    work(recv!(ch)); //~ nil_channel
}
