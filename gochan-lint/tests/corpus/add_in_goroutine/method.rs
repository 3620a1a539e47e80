use gochan::prelude::*;

struct Pool { wg: WaitGroup }
impl Pool {
    fn run(&self) {
        self.wg.add(1); //~ add_in_goroutine
        defer!(self.wg.done());
        work(1);
    }
    fn start(self: Arc<Self>) {
        let this = self.clone();
        go!(this.run());
        self.wg.wait();
    }
}
