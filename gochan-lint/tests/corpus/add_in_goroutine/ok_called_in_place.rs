use gochan::prelude::*;

fn main() {
    let wg = WaitGroup::new();
    let begin = |n: u32| {
        wg.add(1);
        go!([wg] { defer!(wg.done()); work(n); });
    };
    begin(1);
    begin(2);
    (0..3).for_each(|n| {
        wg.add(1);
        go!([wg] { defer!(wg.done()); work(n); });
    });
    wg.wait();
}
