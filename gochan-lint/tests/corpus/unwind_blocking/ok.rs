use gochan::prelude::*;

struct Worker { done: Sender<u32> }
impl Drop for Worker {
    fn drop(&mut self) {
        _ = self.done.try_send(1);
        self.done.close();
    }
}
