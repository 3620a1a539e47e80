use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 8); stop_later(); close!(ch); });
    for n in &ch {
        if n % 2 == 0 {
            ch.send(n / 2).unwrap(); //~ range_own_send
        }
    }
}
