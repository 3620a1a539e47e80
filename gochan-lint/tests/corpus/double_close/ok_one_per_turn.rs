use gochan::prelude::*;

fn example() {
    for n in 0..3 {
        let ch = chan!(u32, 1);
        send!(ch <- n);
        close!(ch);
    }
}
