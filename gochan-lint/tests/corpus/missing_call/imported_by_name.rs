use gochan::{Chan, go};

fn start(ch: Chan<u32>) {
    go!(ch.close); //~ missing_call
}
