use gochan::prelude::*;

static mut CURRENT: u32 = 0;
fn main() {
    for n in 0..4 {
        unsafe { CURRENT = n; }
        go!({
            work(unsafe { CURRENT }); //~ loop_variable
        });
    }
    wait_for_all();
}
