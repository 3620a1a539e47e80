use gochan::prelude::*;

fn example() {
    let m = Mutex::new(0);
    let _guard = m.lock();
    work(1);
}
