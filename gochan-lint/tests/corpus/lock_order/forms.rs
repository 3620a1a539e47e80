use gochan::prelude::*;
use gochan::sync::Mutex;

struct Shop { stock: Mutex<u32>, cash: Mutex<u32> }

impl Shop {
    fn sell(&self) {
        let stock = self.stock.lock();
        let mut cash = self.cash.lock();
        *cash += *stock;
    }
    fn buy(&self) {
        let mut cash = self.cash.lock();
        let mut stock = self.stock.lock(); //~ lock_order
        *stock += *cash;
        *cash = 0;
    }
}
static A: Mutex<u32> = Mutex::new(0);
static B: Mutex<u32> = Mutex::new(0);
fn ab() {
    let a = A.lock();
    *B.lock() = *a;
}
fn ba() {
    let b = B.lock();
    *A.lock() = *b; //~ lock_order
}
