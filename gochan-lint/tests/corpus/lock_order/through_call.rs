use gochan::prelude::*;

static A: Mutex<u32> = Mutex::new(0);
static B: Mutex<u32> = Mutex::new(0);
fn take_b() { *B.lock() += 1; }
fn there() {
    let a = A.lock();
    take_b();
}
fn back() {
    let b = B.lock();
    let a = A.lock(); //~ lock_order
}
