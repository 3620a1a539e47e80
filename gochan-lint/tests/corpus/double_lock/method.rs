use gochan::prelude::*;

struct Bank { balance: Mutex<u64> }
impl Bank {
    fn total(&self) -> u64 {
        *self.balance.lock()
    }
    fn pay(&self, n: u64) {
        let mut balance = self.balance.lock();
        *balance += n;
        println!("{}", self.total()); //~ double_lock
    }
}
