use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

struct Hub { state: Mutex<Vec<u32>>, table: RwLock<u32>, out: Chan<u32>, wg: WaitGroup }

impl Hub {
    fn sends(&self) {
        let state = self.state.lock();
        for n in state.iter() {
            send!(self.out <- *n); //~ guard_across_blocking
        }
    }
    fn selects(&self, ctx: &Context) {
        let table = self.table.read();
        select! { //~ guard_across_blocking
            v = <-self.out => work(v, *table),
            <-ctx.done() => {}
        }
    }
    fn waits(&self) {
        let mut table = self.table.write();
        *table += 1;
        self.wg.wait(); //~ guard_across_blocking
    }
    fn sleeps(&self) {
        let _guard = self.state.lock();
        gochan::time::sleep(Duration::from_secs(1)); //~ guard_across_blocking
    }
    fn joins(&self) {
        let _guard = self.state.lock();
        let handle = go!(work(1));
        handle.join().unwrap(); //~ guard_across_blocking
    }
    fn through_helper(&self) {
        let _guard = self.state.lock();
        self.flush(); //~ guard_across_blocking
    }
    fn flush(&self) { send!(self.out <- 0); }
    fn in_the_call(&self) {
        send!(self.out <- self.state.lock().len() as u32);
    }
    fn ranges(&self) {
        let mut state = self.state.lock();
        for n in &self.out { state.push(n); } //~ guard_across_blocking
    }
}
