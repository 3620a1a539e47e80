use gochan::prelude::*;

fn worker(out: Chan<u32>, wg: WaitGroup, n: u32) {
    defer!(wg.done());
    send!(out <- n);
}
fn main() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..3 {
        wg.add(1);
        go!(worker(out.clone(), wg.clone(), n));
    }
    wg.wait(); //~ wait_before_drain
    out.close();
    for n in &out { work(n); }
}
