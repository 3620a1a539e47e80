use gochan::prelude::*;

fn run(ch: Sender<u32>) {
    defer!(close!(ch));
    defer!({ work(1); close!(ch); }); //~ double_close
    work(2);
}
