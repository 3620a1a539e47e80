use gochan::prelude::*;

fn example() {
    let (a, b) = (Mutex::new(0), Mutex::new(0));
    let first = a.lock();
    let second = b.lock();
}
