use gochan::sync::RwLock;
use std::cell::RefCell;

pub struct Store {
    cpus: RwLock<u32>,
    fixed: RwLock<Vec<u32>>,
    cell: RefCell<u32>,
}

impl Store {
    pub fn dropped(&self) -> u32 {
        let first = *self.cpus.read();
        let second = *self.cpus.read();
        first + second
    }
    pub fn dropped_by_name(&self) -> u32 {
        let first = self.cpus.read();
        let n = *first;
        drop(first);
        n + *self.cpus.read()
    }
    // Nothing writes it.
    pub fn never_written(&self) -> usize {
        let first = self.fixed.read();
        first.len() + self.fixed.read().len()
    }
    pub fn borrows(&self) -> u32 {
        let first = self.cell.borrow();
        *first + *self.cell.borrow()
    }
    pub fn tried(&self) -> u32 {
        let first = self.cpus.read();
        *first + self.cpus.try_read().map_or(0, |second| *second)
    }
    pub fn write(&self) {
        *self.cpus.write() += 1;
    }
}
