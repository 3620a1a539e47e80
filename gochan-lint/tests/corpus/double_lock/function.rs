use gochan::prelude::*;

fn log(m: &Mutex<u32>) {
    println!("{}", m.lock());
}
fn main() {
    let m = Mutex::new(0);
    let guard = m.lock();
    log(&m); //~ double_lock
    drop(guard);
}
