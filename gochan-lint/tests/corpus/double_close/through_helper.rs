use gochan::prelude::*;

fn finish(ch: &Chan<u32>) {
    close!(ch);
}

fn run(ch: Chan<u32>) {
    finish(&ch);
    close!(ch); //~ double_close
}
