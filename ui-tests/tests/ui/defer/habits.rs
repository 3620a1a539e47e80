//! What one writes who comes from Go.

use gochan::prelude::*;

fn main() {
    let (ch, wg) = (chan!(i32), WaitGroup::new());
    defer!(func() { wg.done() }());
    defer!([wg] wg.done());
    defer!(ch <- 1);
    defer!(<-ch);
    defer!(wg.done(), close!(ch));
}
