use gochan::prelude::*;

fn example() {
    let m = Mutex::new(0);
    let _ = m.lock(); //~ empty_critical_section
    work(1);
}
