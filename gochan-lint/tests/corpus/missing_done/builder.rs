use gochan::prelude::*;

fn run() {
    let wg = WaitGroup::new();
    wg.add(1);
    let group = wg.clone();
    gochan::Builder::new().spawn(move || {
        if idle() {
            return; //~ missing_done
        }
        work(1);
        group.done(); //~ done_not_deferred
    });
    wg.wait();
}
