use gochan::prelude::*;

async fn fetch() {}

fn on_a_thread() {
    std::thread::spawn(|| pollster::block_on(fetch()));
}
fn in_a_goroutine() {
    go!({
        gochan::block_on(fetch());
    });
    go!({
        gochan::blocking(|| pollster::block_on(fetch()));
    });
}
fn main() {
    pollster::block_on(fetch());
    in_a_goroutine();
}
