use gochan::prelude::*;

fn main() {
    let out = chan!(u32, 8);
    let wg = WaitGroup::new();
    for n in 0..4 {
        go!([out, wg] {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            send!(out <- n);
        });
    }
    go!([out] { wg.wait(); close!(out); });
    for n in &out { work(n); }
}
