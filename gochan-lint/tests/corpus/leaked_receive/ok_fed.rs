use gochan::prelude::*;

fn sent_before() {
    let ch = chan!(u32, 1);
    send!(ch <- 1);
    println!("{}", recv!(ch));
    close!(ch);
}
fn closed_before() {
    let stop = chan!(());
    close!(stop);
    recv!(stop);
}
fn by_another_goroutine() {
    let stop = chan!(());
    go!([stop] { close!(stop); });
    recv!(stop);
}
struct Stopper {
    quiescer: Chan<()>,
}
impl Stopper {
    fn should_quiesce(&self) -> Receiver<()> {
        self.quiescer.receiver()
    }
    fn stop(&self) {
        close!(self.quiescer);
    }
}
fn stopped_elsewhere() {
    let s = std::sync::Arc::new(Stopper { quiescer: chan!(()) });
    go!([s] { s.stop(); });
    recv!(s.should_quiesce());
}
fn handed_on(keep: &mut Vec<Stopper>) {
    let s = Stopper { quiescer: chan!(()) };
    let quiet = s.should_quiesce();
    keep.push(s);
    recv!(quiet);
}
