use gochan::prelude::*;

struct Hub { out: Chan<u32> }

impl Hub {
    fn run(&self) {
        defer!(close!(self.out));
        for n in 0..3 { send!(self.out <- n); }
        close!(self.out); //~ double_close
    }
}
