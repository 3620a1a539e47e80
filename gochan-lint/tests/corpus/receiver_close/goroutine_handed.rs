use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    go!([ch] {
        while let Some(n) = ch.recv() { work(n); }
        close!(ch); //~ receiver_close
    });
    for n in 0..3 { send!(ch <- n); }
}
