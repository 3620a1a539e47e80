use gochan::prelude::*;

fn main() {
    let outer = WaitGroup::new();
    for n in 0..3 {
        outer.add(1);
        go!([outer] {
            defer!(outer.done());
            let inner = WaitGroup::new();
            for m in 0..n {
                inner.add(1);
                go!([inner] { defer!(inner.done()); work(m); });
            }
            inner.wait();
        });
    }
    outer.wait();
}
