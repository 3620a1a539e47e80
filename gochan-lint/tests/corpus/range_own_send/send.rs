use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); });
    for n in &ch {
        send!(ch <- n + 1); //~ range_own_send
        if n > 3 { break; }
    }
}
