use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        connect()?; //~ missing_done
        wg.done();
        Ok::<(), Error>(())
    });
    wg.wait();
}
