use gochan::prelude::*;
use gochan::sync::{Cond, Mutex};

struct Gate { open: Mutex<bool>, changed: Cond }
impl Gate {
    fn by_if(&self) {
        let mut open = self.open.lock();
        if !*open { open = self.changed.wait(open); } //~ cond_wait_without_loop
        work(*open);
    }
    fn plain(&self) {
        let open = self.open.lock();
        let open = self.changed.wait(open); //~ cond_wait_without_loop
        work(*open);
    }
}
fn of_std(pair: &(std::sync::Mutex<bool>, std::sync::Condvar)) {
    let guard = pair.0.lock().unwrap();
    drop(pair.1.wait(guard).unwrap()); //~ cond_wait_without_loop
}
