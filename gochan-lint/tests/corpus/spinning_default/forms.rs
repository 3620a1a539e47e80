use gochan::prelude::*;

fn tries(rx: Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            default => {} //~ spinning_default
        }
    }
}
fn continues(rx: Receiver<u32>, quit: &AtomicBool) {
    while !quit.load(Ordering::Relaxed) {
        select! {
            n = <-rx => work(n),
            default => continue, //~ spinning_default
        }
    }
}
fn unit(tx: Sender<u32>) {
    loop {
        select! {
            tx <- 1 => return,
            default => (), //~ spinning_default
        }
    }
}
fn hints(rx: Receiver<u32>) {
    loop {
        select! {
            n = <-rx => return work(n),
            default => std::hint::spin_loop(), //~ spinning_default
        }
    }
}
