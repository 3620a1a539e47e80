use gochan::prelude::*;

fn main() {
    let wg = Arc::new(WaitGroup::new());
    for n in 0..4 {
        let wg = Arc::clone(&wg);
        go!({
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work(n);
        });
    }
    wg.wait();
}
