use gochan::prelude::*;

struct Consumer { inbox: Chan<String>, seen: u32 }

impl Consumer {
    fn run(mut self) {
        defer!({ self.inbox.close(); }); //~ receiver_close
        while let Some(line) = self.inbox.recv() {
            self.seen += 1;
            work(line);
        }
    }
}
