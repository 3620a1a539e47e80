use gochan::prelude::*;
use std::cell::Cell;
use thread_local::ThreadLocal;

static INPUT: Chan<u32> = make();

struct Hub { own: ThreadLocal<Cell<u32>>, cache: Cache }
struct Cache;

impl Cache {
    fn get_or(&self, make: impl FnOnce() -> u32) -> u32 { make() }
}

impl Hub {
    fn counts(&self) -> u32 {
        let first = INPUT.recv().unwrap_or(0);
        self.own.get_or(|| Cell::new(first)).get() + self.own.get_or_default().get()
    }
    fn another(&self) -> u32 { self.cache.get_or(|| recv!(INPUT)) }
    fn tries(&self) -> u32 { self.own.get_or(|| Cell::new(INPUT.try_recv().unwrap_or(0))).get() }
}
