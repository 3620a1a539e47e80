use gochan::prelude::*;

fn collect(a: &Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-a else { return } => work(n),
            <-after(Duration::from_secs(5)) => return,
        }
    }
}
