use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

struct Bank { accounts: Mutex<Vec<u32>>, rates: RwLock<u32> }

impl Bank {
    fn field_twice(&self) {
        let first = self.accounts.lock();
        let second = self.accounts.lock(); //~ double_lock
        work(first.len() + second.len());
    }
    fn write_then_read(&self) {
        let mut rates = self.rates.write();
        *rates = *self.rates.read() + 1; //~ double_lock
    }
    fn in_condition(&self) {
        if let Some(n) = self.accounts.lock().pop() {
            self.accounts.lock().push(n); //~ double_lock
        }
    }
    fn deep(&self) {
        let guard = self.accounts.lock();
        self.outer(); //~ double_lock
        drop(guard);
    }
    fn outer(&self) { self.inner(); }
    fn inner(&self) { self.accounts.lock().clear(); }
}
fn through_clone(m: Arc<Mutex<u32>>) {
    let other = Arc::clone(&m);
    let first = m.lock();
    let second = other.lock(); //~ double_lock
    work(*first + *second);
}
fn by_path(m: &Mutex<u32>) {
    let first = Mutex::lock(m);
    let second = m.lock(); //~ double_lock
    work(*first + *second);
}
