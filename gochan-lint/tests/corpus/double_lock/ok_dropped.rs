use gochan::prelude::*;

fn example() {
    let m = Mutex::new(0);
    let first = m.lock();
    drop(first);
    let second = m.lock();
}
