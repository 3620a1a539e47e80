use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 8);
    let mut closed = false;
    for n in 0..3 {
        if n > 1 && !closed {
            close!(ch);
            closed = true;
        }
    }
}
