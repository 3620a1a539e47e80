use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        connect()?; //~ missing_done
        wg.done(); //~ done_not_deferred
        Ok::<(), Error>(())
    });
    wg.wait();
}
