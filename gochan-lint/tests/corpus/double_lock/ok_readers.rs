use gochan::prelude::*;

fn example() {
    let m = RwLock::new(0);
    let first = m.read();
    let second = m.read();
}
