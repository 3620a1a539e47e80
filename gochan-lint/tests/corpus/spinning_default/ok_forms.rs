use gochan::prelude::*;

fn yields(rx: Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            default => gochan::runtime::gosched(),
        }
    }
}
fn sleeps(rx: Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-rx else { return } => work(n),
            default => gochan::time::sleep(Duration::from_millis(1)),
        }
    }
}
fn leaves(rx: Receiver<u32>) {
    loop {
        select! {
            n = <-rx => work(n),
            default => break,
        }
    }
}
fn returns(rx: Receiver<u32>) -> u32 {
    loop {
        select! {
            n = <-rx => work(n),
            default => return 1,
        }
    }
}
fn works(rx: Receiver<u32>, items: &mut Vec<u32>) {
    loop {
        select! {
            Some(n) = <-rx else { return } => items.push(n),
            default => { step(items); }
        }
    }
}
fn works_behind(rx: Receiver<u32>, mut state: State) {
    loop {
        select! {
            Some(n) = <-rx else { return } => state.set(n),
            default => {}
        }
        state.step();
    }
}
fn counts_down(tx: Sender<u32>, items: Vec<u32>) {
    for n in items {
        select! {
            tx <- n => {}
            default => {}
        }
    }
}
fn no_loop(rx: Receiver<u32>) {
    select! {
        n = <-rx => work(n),
        default => {}
    }
}
