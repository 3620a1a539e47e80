use gochan::prelude::*;
use gochan::sync::{Lazy, OnceCell};
use std::sync::{LazyLock, Once, OnceLock};

static INPUT: Chan<u32> = make();
static FIRST: LazyLock<u32> = LazyLock::new(|| INPUT.recv().unwrap_or(0)); //~ guard_across_blocking
static TRIED: LazyLock<u32> = LazyLock::new(|| INPUT.try_recv().unwrap_or(0));
static OURS: Lazy<u32> = Lazy::new(|| INPUT.recv().unwrap_or(0));
static CELL: OnceLock<u32> = OnceLock::new();

struct Hub { once: Once, cell: OnceLock<u32>, ours: OnceCell<u32> }

impl Hub {
    fn starts(&self) {
        self.once.call_once(|| {
            println!("begins");
            gochan::time::sleep(Duration::from_secs(1)); //~ guard_across_blocking
        });
    }
    fn value(&self) -> u32 {
        *self.cell.get_or_init(|| load()) //~ guard_across_blocking
    }
    fn ours(&self) -> u32 {
        *self.ours.get_or_init(|| load())
    }
    fn known(&self) -> u32 {
        let n = load();
        *self.cell.get_or_init(|| n)
    }
}
fn load() -> u32 { gochan::blocking(|| 1) }
fn of_static() -> u32 {
    *CELL.get_or_init(|| recv!(INPUT)) //~ guard_across_blocking
}
fn main() {
    CELL.get_or_init(|| recv!(INPUT));
}
