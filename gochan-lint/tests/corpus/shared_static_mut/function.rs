use gochan::prelude::*;

static mut LAST: u32 = 0;
fn worker(n: u32) {
    unsafe { LAST = n; } //~ shared_static_mut
}
fn main() {
    go!(worker(1));
    wait_for_all();
}
