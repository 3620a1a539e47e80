use gochan::prelude::*;

fn start(wg: &WaitGroup) {
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
        work(1);
    });
}
