use gochan::prelude::*;

fn main() {
    let wg = WaitGroup::new();
    go!([wg] {
        go!([wg] {
            go!([wg] {
                wg.add(1); //~ add_in_goroutine
                defer!(wg.done());
                work(3);
            });
        });
    });
    wg.wait();
}
