use gochan::prelude::*;

fn example() {
    let (out, wg) = (chan!(u32, 2), WaitGroup::new());
    for n in 0..5 {
        wg.add(1);
        go!([out, wg] { defer!(wg.done()); send!(out <- n); });
    }
    wg.wait(); //~ wait_before_drain
    close!(out);
    for n in &out { work(n); }
}
