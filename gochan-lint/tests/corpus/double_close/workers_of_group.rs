use gochan::prelude::*;

fn run() {
    let (out, wg) = (chan!(u32, 8), WaitGroup::new());
    for n in 0..4 {
        let out = out.clone();
        wg.go(move || {
            send!(out <- n);
            close!(out); //~ double_close
        });
    }
    wg.wait();
}
