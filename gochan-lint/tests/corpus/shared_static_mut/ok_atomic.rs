use gochan::prelude::*;

static HITS: AtomicU32 = AtomicU32::new(0);
fn main() {
    go!({ HITS.fetch_add(1, Ordering::Relaxed); });
    wait_for_all();
}
