use gochan::prelude::*;

struct Pool { wg: WaitGroup, jobs: Receiver<u32> }

impl Pool {
    fn work(&self) {
        for n in &self.jobs {
            if n == 0 {
                return; //~ missing_done
            }
            work(n);
        }
        self.wg.done();
    }

    fn run(self: Arc<Self>) {
        for _ in 0..4 {
            self.wg.add(1);
            let this = self.clone();
            go!(this.work());
        }
        self.wg.wait();
    }
}
