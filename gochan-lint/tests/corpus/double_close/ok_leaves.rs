use gochan::prelude::*;

fn run(ch: Chan<u32>, rx: Receiver<u32>) {
    for n in &rx {
        if n == 3 {
            close!(ch);
            return;
        }
    }
    close!(ch);
}
