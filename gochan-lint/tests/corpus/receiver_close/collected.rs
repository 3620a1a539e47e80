use gochan::prelude::*;

fn main() {
    let ch = chan!(u32, 4);
    go!([ch] { for n in 0..3 { send!(ch <- n); } });
    let firsts: Vec<u32> = ch.iter().take(3).collect();
    close!(ch); //~ receiver_close
    work(firsts);
}
