use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] { //~ missing_done
        if good() {
            wg.done();
        }
    });
    wg.wait();
}
