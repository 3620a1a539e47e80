use gochan::prelude::*;

static mut HITS: u32 = 0;
static GUARD: Mutex<()> = Mutex::new(());
fn main() {
    go!({
        let _held = GUARD.lock();
        unsafe { HITS += 1; }
    });
    wait_for_all();
}
