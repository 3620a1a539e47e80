use gochan::prelude::*;

fn sum(parts: &[Vec<u32>]) {
    let wg = WaitGroup::new();
    gochan::scope(|s| {
        for part in parts {
            s.go(|| {
                wg.add(1); //~ add_in_goroutine
                defer!(wg.done());
                work(part.len());
            });
        }
        wg.wait();
    });
}
