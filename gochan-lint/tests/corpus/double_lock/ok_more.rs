use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

struct Account { balance: Mutex<u64> }

fn transfer(from: &Account, to: &Account) {
    let mut a = from.balance.lock();
    let mut b = to.balance.lock();
    *a -= 1;
    *b += 1;
}
fn one_after_the_other(m: &Mutex<u32>) {
    { *m.lock() += 1; }
    let n = *m.lock();
    work(n);
    *m.lock() = 2;
}
fn tries(m: &Mutex<u32>) {
    let first = m.lock();
    if m.try_lock().is_none() { work(*first); }
}
fn readers(m: &RwLock<u32>) {
    let a = m.read();
    let b = m.read();
    work(*a + *b);
}
fn other_goroutine(m: Arc<Mutex<u32>>) {
    let guard = m.lock();
    go!([m] { *m.lock() += 1; });
    drop(guard);
}
fn each_of(all: &[Mutex<u32>]) {
    let a = all[0].lock();
    let b = all[1].lock();
    work(*a + *b);
}
fn branches(m: &Mutex<u32>, fast: bool) {
    if fast { let guard = m.lock(); work(*guard); } else { let guard = m.lock(); step(*guard); }
}
