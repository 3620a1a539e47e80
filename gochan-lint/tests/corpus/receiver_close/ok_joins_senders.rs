use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 8);
    let sender = go!([ch] { for n in 0..8 { send!(ch <- n); } });
    sender.join().unwrap();
    close!(ch);
    for n in &ch { work(n); }
}
