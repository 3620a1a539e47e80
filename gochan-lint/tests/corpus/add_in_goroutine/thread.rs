use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    let inside = wg.clone();
    std::thread::spawn(move || {
        inside.add(1); //~ add_in_goroutine
        work(1);
        inside.done(); //~ done_not_deferred
    });
    wg.wait();
}
