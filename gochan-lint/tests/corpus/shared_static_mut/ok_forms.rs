use gochan::prelude::*;
use gochan::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);
static TABLE: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static mut CONFIG: u32 = 0;

fn counts() { go!({ COUNT.fetch_add(1, Ordering::Relaxed); }); }
fn locks() { go!({ TABLE.lock().push(1); }); }
fn reads() { go!({ work(unsafe { CONFIG }); }); }
fn sets_before() {
    unsafe { CONFIG = 1; }
    go!(work(1));
}
