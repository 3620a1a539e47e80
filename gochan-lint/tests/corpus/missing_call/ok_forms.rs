use gochan::prelude::*;

fn example() {
    let handle = go!(work(1));
    handle.join().unwrap();
    go!(|n: u32| { work(n) }(2)).join().unwrap();
    go!({ work(3) }).join().unwrap();
}
