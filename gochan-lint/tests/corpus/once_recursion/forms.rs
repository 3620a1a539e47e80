use gochan::prelude::*;
use gochan::sync::{Lazy, Once, OnceCell};

static INIT: Once = Once::new();
static CELL: OnceCell<u32> = OnceCell::new();
static A: Lazy<u32> = Lazy::new(|| make()); //~ once_recursion

fn make() -> u32 { *A + 1 }
fn init() {
    INIT.call_once(|| {
        step(); //~ once_recursion
    });
}
fn step() { init(); }
fn cell() -> u32 {
    *CELL.get_or_init(|| *CELL.get_or_init(|| 1) + 1) //~ once_recursion
}
struct Service { ready: Once }
impl Service {
    fn start(&self) {
        self.ready.call_once(|| self.start()); //~ once_recursion
    }
}
