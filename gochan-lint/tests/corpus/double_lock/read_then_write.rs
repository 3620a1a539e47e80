use gochan::prelude::*;

fn example() {
    let m = RwLock::new(0);
    let seen = m.read();
    *m.write() = *seen + 1; //~ double_lock
}
