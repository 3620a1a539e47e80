use gochan::prelude::*;

struct Server { wg: WaitGroup }

impl Server {
    fn handle(&self, n: u32) {
        let wg = self.wg.clone();
        go!({
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work(n);
        });
    }

    fn shutdown(&self) {
        self.wg.wait();
    }
}
