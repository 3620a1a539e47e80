use gochan::prelude::*;

fn example() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    let tx = out.clone();
    wg.go(move || send!(tx <- 1));
    wg.wait(); //~ wait_before_drain
    work(recv!(out));
}
