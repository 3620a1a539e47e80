use gochan::prelude::*;

fn run() {
    let (out, wg) = (chan!(u32, 3), WaitGroup::new());
    for n in 0..4 {
        wg.add(1);
        go!([out, wg] { defer!(wg.done()); send!(out <- n); });
    }
    wg.wait(); //~ wait_before_drain
    for _ in 0..4 { work(recv!(out)); }
}
