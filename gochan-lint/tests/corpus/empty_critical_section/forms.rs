use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

struct S { m: Mutex<()>, rw: RwLock<u32> }
impl S {
    fn statement(&self) { self.m.lock(); } //~ empty_critical_section
    fn underscore(&self) { let _ = self.m.lock(); work(1); } //~ empty_critical_section
    fn reads(&self) { let _ = self.rw.read(); } //~ empty_critical_section
    fn writes(&self) { self.rw.write(); work(2); } //~ empty_critical_section
}
fn of_std(m: &std::sync::Mutex<u32>) {
    let _ = m.lock().unwrap(); //~ empty_critical_section
    work(1);
}
