use gochan::prelude::*;

fn start(n: u32, tx: Sender<u32>) {
    go!(move || work(n)); //~ missing_call
    go!([tx] || { let _ = tx.send(1); }); //~ missing_call
    go!([tx] move || { let _ = tx.send(1); }); //~ missing_call
    go!(|_: u32| work(n)); //~ missing_call
    go!(|a, b| work(a + b)); //~ missing_call
    go!(move || -> u32 { n + 1 }); //~ missing_call
}
