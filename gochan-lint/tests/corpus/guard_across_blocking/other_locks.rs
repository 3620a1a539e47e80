use gochan::prelude::*;
use std::cell::RefCell;

fn of_std(m: &std::sync::Mutex<u32>, rx: &Receiver<u32>) {
    let mut guard = m.lock().unwrap();
    *guard = recv!(rx); //~ guard_across_blocking
}
fn of_std_rw(m: &std::sync::RwLock<u32>, rx: &Receiver<u32>) {
    let guard = m.read().unwrap();
    work(*guard, rx.recv()); //~ guard_across_blocking
}
fn of_parking_lot(m: &parking_lot::Mutex<u32>, tx: &Sender<u32>) {
    let guard = m.lock();
    tx.send(*guard).unwrap(); //~ guard_across_blocking
}
fn cell(c: &RefCell<Vec<u32>>, rx: &Receiver<u32>) {
    let mut list = c.borrow_mut();
    list.push(recv!(rx)); //~ guard_across_blocking
}
