use gochan::prelude::*;
use gochan::sync::Semaphore;

fn with_semaphore(ctx: &Context, rx: Receiver<u32>) {
    let limit = Arc::new(Semaphore::new(8));
    while let Some(n) = rx.recv() {
        if limit.acquire(ctx, 1).is_err() { return; }
        go!([limit] { work(n); limit.release(1); });
    }
}
fn with_tokens(rx: Receiver<u32>) {
    let tokens = chan!(()  , 8);
    for n in &rx {
        send!(tokens <- ());
        go!([tokens] { work(n); recv!(tokens); });
    }
}
fn pool(rx: Receiver<u32>) {
    for _ in 0..8 {
        go!([rx] { for n in &rx { work(n); } });
    }
}
fn finite(items: Vec<u32>) {
    for n in items { go!(work(n)); }
}
