use gochan::prelude::*;

async fn fetch(n: u32) -> u32 {
    n
}

fn main() {
    go!(fetch(1));
    let urls = vec![1, 2];
    for n in urls {
        let _ = go!(fetch(n)).join();
    }
}
