use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    go!([ch] { for n in 0..3 { send!(ch <- n); } });
    loop {
        let (n, ok) = recv!(ch, ok);
        if !ok || n == 2 { break; }
    }
    close!(ch); //~ receiver_close
}
