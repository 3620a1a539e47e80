use gochan::prelude::*;

fn assigned_before(fast: bool) {
    let mut ch: Chan<u32> = Chan::nil();
    if fast { ch = chan!(u32, 1); }
    if !ch.is_nil() { send!(ch <- 1); }
}
fn switched_off(mut a: Receiver<u32>, b: Receiver<u32>) {
    loop {
        select! {
            v, ok = <-a => { if !ok { a = Receiver::nil(); } else { work(v); } }
            v = <-b => { work(v); break; }
        }
    }
}
fn selected() {
    let off: Receiver<u32> = Receiver::nil();
    select! {
        n = <-off => work(n),
        <-after(Duration::from_secs(1)) => {}
    }
}
fn asked() { let ch: Chan<u32> = Chan::nil(); assert!(ch.is_nil()); }
