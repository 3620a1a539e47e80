use gochan::prelude::*;

fn run(ch: Chan<u32>, rx: Receiver<u32>) {
    while let Some(n) = rx.recv() {
        if n == 0 {
            close!(ch); //~ double_close
        }
    }
}
