use gochan::prelude::*;

fn example() {
    let m = Mutex::new(0);
    let first = m.lock();
    let second = m.lock(); //~ double_lock
    work(*first + *second);
}
