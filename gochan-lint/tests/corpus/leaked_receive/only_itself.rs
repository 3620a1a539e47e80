use gochan::prelude::*;

fn deferred_close() {
    let stop = chan!(());
    defer!(close!(stop));
    recv!(stop); //~ leaked_receive
}
fn closes_later() {
    let stop = chan!(());
    recv!(stop); //~ leaked_receive
    close!(stop);
}
fn sends_later() {
    let ch = chan!(u32, 1);
    let n = recv!(ch); //~ leaked_receive
    send!(ch <- n);
}
struct Stopper {
    quiescer: Chan<()>,
}
impl Stopper {
    fn should_quiesce(&self) -> Receiver<()> {
        self.quiescer.receiver()
    }
}
fn of_a_field() {
    let s = Stopper { quiescer: chan!(()) };
    recv!(s.should_quiesce()); //~ leaked_receive
}
