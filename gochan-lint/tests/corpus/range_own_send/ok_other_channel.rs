use gochan::prelude::*;

fn example() {
    let (ch, out) = (chan!(u32), chan!(u32));
    go!([ch] { send!(ch <- 1); close!(ch); });
    go!([out] { for n in &out { work(n); } });
    for n in &ch { send!(out <- n); }
    close!(out);
}
