use gochan::prelude::*;

fn run(ch: Sender<u32>, done: bool) {
    if done {
        close!(ch);
    }
    send!(ch <- 1); //~ send_after_close
}
