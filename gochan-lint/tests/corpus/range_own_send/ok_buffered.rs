use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 16);
    go!([ch] { send!(ch <- 1); });
    for n in &ch {
        if n > 3 { break; }
        send!(ch <- n + 1);
    }
}
