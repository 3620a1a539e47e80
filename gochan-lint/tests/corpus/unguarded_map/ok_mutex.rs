use gochan::prelude::*;

static SEEN: Mutex<BTreeMap<u32, u32>> = Mutex::new(BTreeMap::new());
fn main() {
    go!({ SEEN.lock().insert(1, 2); });
    wait_for_all();
}
