use gochan::prelude::*;

fn example() {
    let (tx, rx) = chan!(u32).split();
    go!({ for n in 0..3 { send!(tx <- n); } });
    for n in &rx { work(n); }
}
