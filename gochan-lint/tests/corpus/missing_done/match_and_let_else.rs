use gochan::prelude::*;

fn run(rx: Receiver<u32>) {
    let wg = WaitGroup::new();
    wg.add(2);
    go!([wg, rx] {
        let Some(n) = rx.recv() else {
            return; //~ missing_done
        };
        work(n);
        wg.done(); //~ done_not_deferred
    });
    go!([wg, rx] {
        match rx.recv() {
            Some(n) => work(n),
            None => return, //~ missing_done
        }
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}
