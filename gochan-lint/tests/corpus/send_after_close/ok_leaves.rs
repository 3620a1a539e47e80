use gochan::prelude::*;

fn run(ch: Sender<u32>, done: bool) {
    if done {
        close!(ch);
        return;
    }
    send!(ch <- 1);
}
