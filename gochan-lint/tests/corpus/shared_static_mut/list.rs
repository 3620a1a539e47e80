use gochan::prelude::*;

static mut LOG: Vec<String> = Vec::new();
fn main() {
    go!({
        unsafe { LOG.push("started".to_string()); } //~ shared_static_mut
    });
    wait_for_all();
}
