use gochan::prelude::*;

async fn fetch() {}

fn each(runtime: tokio::runtime::Runtime, wg: &WaitGroup) {
    go!({
        futures::executor::block_on(fetch()); //~ foreign_block_on
    });
    go!({
        pollster::block_on(fetch()); //~ foreign_block_on
    });
    go!({
        runtime.block_on(fetch()); //~ foreign_block_on
    });
    wg.go(|| {
        tokio::runtime::Handle::current().block_on(fetch()); //~ foreign_block_on
    });
}
fn called_by_a_goroutine() {
    smol::block_on(fetch()); //~ foreign_block_on
}
fn starts() {
    go!(called_by_a_goroutine());
}
