use gochan::prelude::*;

static mut HITS: u32 = 0;
fn main() {
    for _ in 0..4 {
        go!({
            unsafe { HITS += 1; } //~ shared_static_mut
        });
    }
    wait_for_all();
}
