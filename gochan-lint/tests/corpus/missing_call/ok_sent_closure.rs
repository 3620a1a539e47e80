use gochan::prelude::*;

fn main() {
    let jobs = chan!(Box<dyn FnOnce() + Send>, 4);
    go!([jobs] {
        defer!(close!(jobs));
        for n in 0..3 { send!(jobs <- Box::new(move || work(n))); }
    });
    for job in &jobs { job(); }
}
