use gochan::prelude::*;
use std::collections::BTreeSet;

struct Stats(std::sync::atomic::AtomicU64);
impl Stats { fn add(&self, n: u64) { self.0.fetch_add(n, Ordering::Relaxed); } }

fn main() {
    let stats = Arc::new(Stats(Default::default()));
    let wg = WaitGroup::new();
    wg.go({ let stats = stats.clone(); move || stats.add(1) });
    wg.add(1);
    go!([stats, wg] {
        defer!(wg.done());
        stats.add(1);
        let pointer = [1, 2].as_ptr().wrapping_add(1);
        work(pointer);
    });
    wg.wait();
}
