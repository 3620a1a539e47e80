use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    for n in 0..3 {
        go!([ch] { send!(ch <- n); });
    }
    for _ in 0..3 { work(recv!(ch)); }
}
