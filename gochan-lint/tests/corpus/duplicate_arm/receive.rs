use gochan::prelude::*;

fn next(a: &Receiver<u32>) -> u32 {
    select! {
        n = <-a => n,
        n = <-a => n + 1, //~ duplicate_arm
    }
}
