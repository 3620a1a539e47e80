use gochan::prelude::*;

fn finish(tx: &Sender<u32>) { close!(tx); }
fn report(tx: &Sender<u32>, n: u32) { send!(tx <- n); }

fn run(tx: Sender<u32>) {
    finish(&tx);
    report(&tx, 1); //~ send_after_close
}
