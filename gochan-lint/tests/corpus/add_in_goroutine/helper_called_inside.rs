use gochan::prelude::*;

fn begin(wg: &WaitGroup) {
    wg.add(1); //~ add_in_goroutine
}
fn main() {
    let wg = WaitGroup::new();
    go!([wg] {
        begin(&wg);
        defer!(wg.done());
        work(1);
    });
    wg.wait();
}
