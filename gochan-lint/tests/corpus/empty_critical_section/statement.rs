use gochan::prelude::*;

fn example() {
    let m = RwLock::new(0);
    m.write(); //~ empty_critical_section
    work(1);
}
