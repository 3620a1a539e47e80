use gochan::prelude::*;

struct Out { tx: Sender<u32> }

impl Out {
    fn run(&self, kind: Kind) {
        match kind {
            Kind::Last => close!(self.tx),
            Kind::More => {}
        }
        send!(self.tx <- 1); //~ send_after_close
    }
}
