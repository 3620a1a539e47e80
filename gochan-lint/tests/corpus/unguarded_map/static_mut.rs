use gochan::prelude::*;

static mut SEEN: HashMap<u32, u32> = HashMap::new();
fn main() {
    for n in 0..4 {
        go!({
            unsafe { SEEN.insert(n, n); } //~ unguarded_map
        });
    }
    wait_for_all();
}
