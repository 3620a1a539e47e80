use gochan::prelude::*;
use gochan::{Builder, scope};

fn main() {
    let (a, b) = (chan!(u32), chan!(u32));
    let inbox = a.clone();
    Builder::new().spawn(move || {
        for n in &inbox { work(n); }
        inbox.close(); //~ receiver_close
    });
    scope(|s| {
        s.go(|| {
            for n in b.iter() { work(n); }
            close!(b); //~ receiver_close
        });
        send!(b <- 1);
    });
    send!(a <- 1);
}
