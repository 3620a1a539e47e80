use gochan::prelude::*;

fn start(rx: Receiver<u32>) {
    let wg = WaitGroup::new();
    for _ in 0..3 {
        go!([wg, rx] {
            let Ok(n) = rx.try_recv() else { return };
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work(n);
        });
    }
    wg.wait();
}
