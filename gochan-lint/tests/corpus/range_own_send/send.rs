use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); stop_later(); close!(ch); });
    for n in &ch {
        send!(ch <- n + 1); //~ range_own_send
    }
}
