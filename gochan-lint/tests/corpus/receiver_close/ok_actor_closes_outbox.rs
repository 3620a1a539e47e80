use gochan::prelude::*;

struct Actor { inbox: Receiver<u32>, outbox: Chan<u32> }

impl Actor {
    fn run(self) {
        defer!(close!(self.outbox));
        for n in &self.inbox { send!(self.outbox <- n + 1); }
    }
}
