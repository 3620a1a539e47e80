use gochan::prelude::*;

fn worker(wg: WaitGroup, out: Sender<u32>, n: u32) {
    defer!(wg.done());
    send!(out <- n);
}

fn run() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..4 {
        wg.add(1);
        go!(worker(wg.clone(), out.sender(), n));
    }
    wg.wait(); //~ wait_before_drain
    while let Ok(n) = out.try_recv() { work(n); }
}
