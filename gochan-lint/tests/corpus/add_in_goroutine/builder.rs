use gochan::prelude::*;
use gochan::Builder;

fn main() {
    let wg = WaitGroup::new();
    for n in 0..4 {
        let wg = wg.clone();
        Builder::new().name("worker").spawn(move || {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work(n);
        });
    }
    wg.wait();
}
