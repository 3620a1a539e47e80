use gochan::prelude::*;

fn run() {
    let ch = chan!(u32);
    let wg = WaitGroup::new();
    send!(ch <- 1); //~ self_deadlock_send
    wg.go({ let ch = ch.clone(); move || work(recv!(ch)) });
    wg.wait();
}
