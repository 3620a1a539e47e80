use gochan::prelude::*;

fn ours() {
    let ch = chan!(Signal);
    register(&ch);
    signal::notify(&ch, &[SIGINT]); //~ unbuffered_signal
}
fn methods(signals: &Signals) {
    let (tx, rx) = chan!(i32, 0).split();
    signals.notify(tx); //~ unbuffered_signal
    for s in &rx { work(s); }
}
