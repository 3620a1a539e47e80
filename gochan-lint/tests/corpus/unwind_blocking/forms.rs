use gochan::prelude::*;

struct Worker { jobs: Chan<u32>, done: Chan<()>, wg: WaitGroup, handle: Option<JoinHandle<()>> }

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs.close();
        self.wg.wait(); //~ unwind_blocking
    }
}
struct Sends(Sender<u32>);
impl Drop for Sends {
    fn drop(&mut self) { let _ = self.0.send(1); } //~ unwind_blocking
}
struct Receives { done: Receiver<()> }
impl Drop for Receives {
    fn drop(&mut self) { self.done.recv(); } //~ unwind_blocking
}
fn deferred(wg: &WaitGroup, done: Chan<()>) {
    defer!(wg.wait()); //~ unwind_blocking
    defer!({ recv!(done); }); //~ unwind_blocking
    work(1);
}
fn flush(tx: &Sender<u32>) { send!(tx <- 0); }
fn by_helper(tx: Sender<u32>) {
    defer!(flush(&tx)); //~ unwind_blocking
    work(1);
}
