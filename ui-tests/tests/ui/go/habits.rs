//! What one writes who comes from Go, or from elsewhere.

use gochan::prelude::*;

fn work(_: i32) {}

fn main() {
    let ch = chan!(i32);
    go!(func() { work(1) }());
    go!(func(n int) error { work(n) }(1));
    go!(|n int| { work(n) }(1));
    go!(() => { work(1) });
    go!([ch] => { send!(ch <- 1) });
    go!([ch], { send!(ch <- 1) });
    go!([ch] || send!(ch <- 1));
    go!([ch: Chan<i32>] { send!(ch <- 1) });
    go!([ch as out] { send!(out <- 1) });
    let _: i32 = go!(work(1));
}
