use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 2);
    for n in 0..5 {
        send!(ch <- n); //~ self_deadlock_send
    }
    close!(ch);
    for n in &ch { work(n); }
}
