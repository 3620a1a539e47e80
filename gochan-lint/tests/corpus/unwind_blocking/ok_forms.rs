use gochan::prelude::*;

struct Worker { jobs: Chan<u32>, wg: WaitGroup, cancel: CancelHandle }

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs.close();
        self.cancel.cancel();
        let _ = self.jobs.try_send(1);
        self.wg.done();
    }
}
fn deferred(wg: &WaitGroup, done: Chan<()>, cancel: CancelHandle) {
    defer!(wg.done());
    defer!(close!(done));
    defer!(cancel.cancel());
    let last = chan!(u32, 1);
    defer!({ select! { last <- 1 => {}, default => {} } });
    work(1);
}
fn unless_panicking(wg: &WaitGroup) {
    defer!({ if !std::thread::panicking() { wg.wait(); } });
    work(1);
}
