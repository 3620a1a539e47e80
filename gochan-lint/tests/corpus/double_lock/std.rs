use gochan::prelude::*;

fn example() {
    let m = std::sync::Mutex::new(0);
    let first = m.lock().unwrap();
    let second = m.lock().unwrap(); //~ double_lock
}
