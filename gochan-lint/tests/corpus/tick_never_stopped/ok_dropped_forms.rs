use gochan::prelude::*;

fn local_tick(rx: Receiver<u32>) {
    let ticks = gochan::time::tick(Duration::from_secs(1));
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            <-ticks => println!("still here"),
        }
    }
}
