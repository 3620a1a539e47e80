use gochan::prelude::*;

fn example() {
    let (wg, n) = (WaitGroup::new(), Arc::new(AtomicU32::new(0)));
    wg.add(1);
    go!([wg, n] { n.fetch_add(1, Ordering::SeqCst); wg.done(); });
    wg.wait();
}
