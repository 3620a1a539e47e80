use gochan::prelude::*;

fn finish(wg: WaitGroup) {
    wg.wait();
    println!("all done");
}

fn main() {
    let wg = WaitGroup::new();
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
        work(1);
    });
    finish(wg);
}
