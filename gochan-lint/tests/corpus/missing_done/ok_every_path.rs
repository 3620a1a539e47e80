use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        if nothing() {
            wg.done();
            return;
        }
        wg.done();
    });
    wg.wait();
}
