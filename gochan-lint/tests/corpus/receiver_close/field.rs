use gochan::prelude::*;

struct Hub { inbox: Chan<u32> }
impl Hub {
    fn run(&self) {
        for n in &self.inbox { work(n); }
        close!(self.inbox); //~ receiver_close
    }
    fn post(&self, n: u32) { send!(self.inbox <- n); }
}
