use gochan::prelude::*;

fn run(m: &Mutex<bool>, cond: &Cond) {
    let mut ready = m.lock();
    if !*ready {
        ready = cond.wait(ready); //~ cond_wait_without_loop
    }
}
