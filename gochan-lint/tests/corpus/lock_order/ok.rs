use gochan::prelude::*;

struct Bank { a: Mutex<u32>, b: Mutex<u32> }
impl Bank {
    fn there(&self) {
        let a = self.a.lock();
        let b = self.b.lock();
    }
    fn again(&self) {
        let a = self.a.lock();
        let b = self.b.lock();
    }
}
