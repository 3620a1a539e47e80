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
        let mut stock = self.stock.lock();
        let mut cash = self.cash.lock();
        *stock += *cash;
        *cash = 0;
    }
    fn one_by_one(&self) {
        let cash = *self.cash.lock();
        *self.stock.lock() += cash;
    }
    fn dropped(&self) {
        let cash = self.cash.lock();
        let n = *cash;
        drop(cash);
        *self.stock.lock() += n;
    }
}
