use gochan::prelude::*;

fn main() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        let group = wg.clone();
        wg.go(move || work(group));
    });
    wg.wait();
}
