use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

static COUNT: Mutex<u32> = Mutex::new(0);
static NAMES: RwLock<u32> = RwLock::new(0);

fn main() {
    let guard = COUNT.lock();
    go!({ println!("{}", *guard) });
    let guard = NAMES.read();
    go!(drop(guard));
    let guard = NAMES.write();
    go!(|| { drop(guard) }());
}
