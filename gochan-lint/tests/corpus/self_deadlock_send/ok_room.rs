use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 3);
    for n in 0..3 { send!(ch <- n); }
    close!(ch);
    for n in &ch { work(n); }
}
