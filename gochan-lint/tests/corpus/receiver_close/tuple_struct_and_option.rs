use gochan::prelude::*;

struct Inbox(Chan<u32>);
impl Inbox {
    fn drain(&self) {
        while let Some(n) = self.0.recv() { work(n); }
        self.0.close(); //~ receiver_close
    }
}
fn maybe(ch: Option<Chan<u32>>) {
    if let Some(ch) = ch {
        for n in &ch { work(n); }
        close!(ch); //~ receiver_close
    }
}
