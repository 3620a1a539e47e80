use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    go!([ch] { for n in 0..3 { send!(ch <- n); } });
    for n in &ch { work(n); } //~ leaked_receive
}
