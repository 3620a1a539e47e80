use gochan::prelude::*;

fn begin(wg: &WaitGroup) { count(wg); }
fn count(wg: &WaitGroup) { wg.add(1); } //~ add_in_goroutine

fn main() {
    let wg = WaitGroup::new();
    for n in 0..3 {
        go!([wg] {
            begin(&wg);
            defer!(wg.done());
            work(n);
        });
    }
    wg.wait();
}
