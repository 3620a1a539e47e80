use gochan::prelude::*;

fn example() {
    let m = Mutex::new(0);
    *m.lock() += 1;
    *m.lock() += 1;
}
