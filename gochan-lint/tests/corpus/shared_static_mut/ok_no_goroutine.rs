use gochan::prelude::*;

static mut HITS: u32 = 0;
fn count() {
    unsafe { HITS += 1; }
}
