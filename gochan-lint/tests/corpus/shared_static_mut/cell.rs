use gochan::prelude::*;

struct Shared(UnsafeCell<u32>);
unsafe impl Sync for Shared {}
static TOTAL: Shared = Shared(UnsafeCell::new(0));
fn main() {
    go!({
        unsafe { *TOTAL.0.get() += 1; } //~ shared_static_mut
    });
    wait_for_all();
}
