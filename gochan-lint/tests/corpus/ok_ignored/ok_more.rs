use gochan::prelude::*;

fn comma_ok(rx: Receiver<u32>) {
    loop {
        let (v, ok) = recv!(rx, ok);
        if !ok { break; }
        work(v);
    }
}
fn ends(rx: Receiver<u32>) {
    loop {
        let v = recv!(rx);
        if v == 0 { return; }
        work(v);
    }
}
fn counted(rx: Receiver<u32>) {
    for _ in 0..3 { work(recv!(rx)); }
}
fn cannot_close(ctx: &Context) {
    let beat = gochan::time::Ticker::new(Duration::from_secs(1));
    defer!({ beat.stop(); });
    loop {
        select! {
            t = <-beat.channel() => work(t),
            <-ctx.done() => return,
        }
    }
}
fn asks(rx: Receiver<u32>) {
    loop {
        if rx.is_closed() { break; }
        work(recv!(rx));
    }
}
fn unwraps(rx: Receiver<u32>) {
    loop { work(rx.recv().unwrap()); }
}
