use gochan::prelude::*;

struct Worker { done: Receiver<u32> }
impl Drop for Worker {
    fn drop(&mut self) {
        self.done.recv(); //~ unwind_blocking
    }
}
