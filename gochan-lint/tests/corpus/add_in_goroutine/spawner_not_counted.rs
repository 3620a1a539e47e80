use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    go!([wg] {
        for n in 0..3 {
            wg.add(1); //~ add_in_goroutine
            go!([wg] {
                defer!(wg.done());
                work(n);
            });
        }
    });
    wg.wait();
}
