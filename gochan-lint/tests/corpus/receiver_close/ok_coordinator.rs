use gochan::prelude::*;

fn example() {
    let (ch, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..3 {
        wg.add(1);
        go!([ch, wg] { defer!(wg.done()); send!(ch <- n); });
    }
    go!([ch] { wg.wait(); close!(ch); });
    for n in &ch { work(n); }
}
