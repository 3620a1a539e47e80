use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    start_feeding(ch.clone());
    for n in &ch { work(n); }
}
