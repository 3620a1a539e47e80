use gochan::prelude::*;
use std::sync::Arc;

struct Events {
    events: Chan<u32>,
    stop: Chan<()>,
}
impl Events {
    fn produce(&self) {
        for n in 0..10 {
            send!(self.events <- n); //~ leaked_send
        }
    }
    fn consume(&self) {
        loop {
            select! {
                <-self.events => {}
                <-self.stop => return,
            }
        }
    }
}
fn of_fields() {
    let g = Arc::new(Events { events: chan!(u32), stop: chan!(()) });
    go!([g] { g.produce(); });
    go!([g] { g.consume(); });
    close!(g.stop);
}
fn of_variables() {
    let (events, stop) = (chan!(u32), chan!(()));
    go!([events] {
        for n in 0..10 {
            send!(events <- n); //~ leaked_send
        }
    });
    go!([events, stop] {
        loop {
            select! {
                n = <-events => println!("{n}"),
                <-stop => break,
            }
        }
        println!("stopped");
    });
    close!(stop);
}
fn by_a_context(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    let events = chan!(u32);
    go!([events] {
        for n in 0.. {
            send!(events <- n); //~ leaked_send
        }
    });
    let reader = go!([events, ctx] {
        loop {
            select! {
                n = <-events => println!("{n}"),
                <-ctx.done() => return,
            }
        }
    });
    cancel.cancel();
    reader.join().unwrap();
}
