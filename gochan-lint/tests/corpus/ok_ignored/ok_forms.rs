use gochan::prelude::*;

fn serve(a: &Receiver<u32>, b: &Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-a else { return } => work(n),
            n, ok = <-b => if ok { work(n) } else { break },
        }
    }
}
