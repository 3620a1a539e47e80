use gochan::prelude::*;

async fn fetch(n: u32) -> u32 {
    n
}
fn plain(n: u32) -> u32 {
    n
}
fn spawns(wg: &WaitGroup) {
    go!({
        gochan::block_on(fetch(1));
    });
    wg.go(|| gochan::block_on(fetch(2)));
    wg.go(move || gochan::block_on(async move { fetch(3).await }));
    go!(plain(1));
    wg.go(|| plain(2));
}
fn polled_by_the_caller() -> u32 {
    let handle = go!(fetch(5));
    gochan::block_on(handle.join().unwrap())
}
