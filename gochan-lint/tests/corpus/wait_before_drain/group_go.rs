use gochan::prelude::*;

fn run() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..4 {
        let out = out.clone();
        wg.go(move || send!(out <- n));
    }
    wg.wait(); //~ wait_before_drain
    close!(out);
    for n in &out { work(n); }
}
