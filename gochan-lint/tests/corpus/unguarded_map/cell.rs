use gochan::prelude::*;

struct Table { map: UnsafeCell<HashMap<u32, u32>> }
unsafe impl Sync for Table {}
static TABLE: Table = Table::new();
fn main() {
    go!({
        unsafe { (*TABLE.map.get()).insert(1, 2); } //~ unguarded_map
    });
    wait_for_all();
}
