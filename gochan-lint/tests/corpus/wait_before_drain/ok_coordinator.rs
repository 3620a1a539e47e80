use gochan::prelude::*;

fn example() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..3 {
        wg.add(1);
        go!([out, wg] { defer!(wg.done()); send!(out <- n); });
    }
    go!([out] { wg.wait(); close!(out); });
    for n in &out { work(n); }
}
