use gochan::prelude::*;

fn wait(rx: &Receiver<u32>) {
    loop {
        select! {
            n = <-rx => break work(n),
            default => continue, //~ spinning_default
        }
    }
}
