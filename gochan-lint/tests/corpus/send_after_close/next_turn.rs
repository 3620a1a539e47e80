use gochan::prelude::*;

fn run(ch: Sender<u32>, rx: Receiver<u32>) {
    for n in &rx {
        send!(ch <- n); //~ send_after_close
        if n == 3 {
            close!(ch); //~ double_close
        }
    }
}
