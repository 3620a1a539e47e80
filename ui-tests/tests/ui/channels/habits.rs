//! What one writes who comes from Go.

use gochan::prelude::*;

fn main() {
    let ch = chan!(i32, 3);
    chan!(chan i32, 3);
    chan!(chan<- i32);
    chan!(Vec<i32, 3);
    send!(ch <- <-ch);
    send!(ch <- 1, 2);
    send!(ch < 1);
    send!(ch := 1);
    recv!(v := <-ch);
    recv!(v, ok = <-ch);
    recv!(ch -> v);
    recv!(ch, ok, more);
    close(ch);
}
