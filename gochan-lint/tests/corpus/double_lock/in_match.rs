use gochan::prelude::*;

fn example() {
    let m = Mutex::new(Some(1));
    match m.lock().as_ref() {
        Some(n) => *m.lock() = None, //~ double_lock
        None => {}
    }
}
