use gochan::prelude::*;

fn accepts(listener: Listener) {
    loop {
        let stream = listener.accept().unwrap();
        go!(serve(stream)); //~ goroutine_in_loop_unbounded
    }
}
fn receives(rx: Receiver<u32>) {
    while let Some(n) = rx.recv() {
        go!({ work(n); }); //~ goroutine_in_loop_unbounded
    }
}
fn selects(ctx: &Context, rx: Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-rx else { return } => { go!(work(n)); } //~ goroutine_in_loop_unbounded
            <-ctx.done() => return,
        }
    }
}
