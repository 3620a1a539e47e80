use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        if nothing() {
            return; //~ missing_done
        }
        work(1);
        wg.done();
    });
    wg.wait();
}
