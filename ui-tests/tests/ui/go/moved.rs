//! What a goroutine takes along is gone: the list of clones, or `clone()` for an argument, keeps it.

use gochan::prelude::*;

fn work(_: i32, ch: Chan<i32>) {
    send!(ch <- 1);
}

struct Server {
    jobs: Chan<i32>,
}

impl Server {
    fn start(&self) {
        go!({
            for job in &self.jobs {
                println!("{job}");
            }
        });
    }
}

fn main() {
    let (ch, wg) = (chan!(i32), WaitGroup::new());
    go!(work(1, ch));
    recv!(ch);
    for _ in 0..3 {
        wg.add(1);
        go!({
            defer!(wg.done());
        });
    }
    wg.wait();
    Server { jobs: chan!(i32) }.start();
}
