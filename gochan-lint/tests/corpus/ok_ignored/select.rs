use gochan::prelude::*;

fn serve(a: &Receiver<u32>, b: &Receiver<u32>) {
    loop {
        select! {
            n = <-a => work(n), //~ ok_ignored
            n = <-b => work(n), //~ ok_ignored
        }
    }
}
