use gochan::prelude::*;

#[derive(Clone)]
struct Pool { wg: WaitGroup, jobs: Chan<u32> }

fn main() {
    let pool = Pool { wg: WaitGroup::new(), jobs: chan!(u32, 8) };
    go!([pool] {
        pool.wg.add(1); //~ add_in_goroutine
        defer!(pool.wg.done());
        work(1);
    });
    pool.wg.wait();
}
