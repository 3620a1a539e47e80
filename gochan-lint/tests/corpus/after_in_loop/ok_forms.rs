use gochan::prelude::*;

fn made_outside(rx: Receiver<u32>, stop: Receiver<()>) {
    let deadline = after(Duration::from_secs(30));
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            <-stop => return,
            <-deadline => return,
        }
    }
}
fn idle_timeout(rx: Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            <-after(Duration::from_secs(5)) => return,
        }
    }
}
fn no_loop(rx: Receiver<u32>, stop: Receiver<()>) {
    select! {
        n = <-rx => work(n),
        <-stop => {}
        <-after(Duration::from_secs(5)) => {}
    }
}
