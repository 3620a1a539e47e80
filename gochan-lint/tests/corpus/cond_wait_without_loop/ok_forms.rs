use gochan::prelude::*;
use gochan::sync::{Cond, Mutex};

struct Gate { open: Mutex<bool>, changed: Cond }
impl Gate {
    fn by_while(&self) {
        let mut open = self.open.lock();
        while !*open { open = self.changed.wait(open); }
    }
    fn by_loop(&self) {
        let mut open = self.open.lock();
        loop {
            if *open { break; }
            open = self.changed.wait(open);
        }
    }
    fn by_predicate(&self) {
        let open = self.changed.wait_while(self.open.lock(), |open| !*open);
        work(*open);
    }
}
fn group(wg: &WaitGroup) { wg.wait(); }
