use gochan::prelude::*;

fn run(m: &Mutex<bool>, cond: &Cond) {
    let mut ready = m.lock();
    while !*ready { ready = cond.wait(ready); }
    drop(ready);
    drop(cond.wait_while(m.lock(), |ready| !*ready));
}
