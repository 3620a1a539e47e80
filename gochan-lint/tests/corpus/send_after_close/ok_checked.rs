use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 2);
    close!(ch);
    assert!(ch.send(1).is_err());
}
