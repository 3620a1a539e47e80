use gochan::prelude::*;

fn run(m: &std::sync::Mutex<u32>) {
    let held = m.lock().unwrap();
    gochan::time::sleep(Duration::from_secs(1)); //~ guard_across_blocking
}
