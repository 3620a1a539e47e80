use gochan::prelude::*;

fn sends(tx: Sender<u32>) {
    select! {
        tx <- 1 => work(1),
        tx <- 1 => work(2), //~ duplicate_arm
    }
}
struct Hub { inbox: Receiver<u32> }
impl Hub {
    fn run(&self, ctx: &Context) {
        select! {
            v = <-self.inbox => work(v),
            <-ctx.done() => {}
            <-ctx.done() => work(0), //~ duplicate_arm
            w = <-self.inbox => work(w), //~ duplicate_arm
        }
    }
}
fn clone_of_it(rx: Receiver<u32>) {
    let again = rx.clone();
    select! {
        v = <-rx => work(v),
        v = <-again => work(v), //~ duplicate_arm
    }
}
