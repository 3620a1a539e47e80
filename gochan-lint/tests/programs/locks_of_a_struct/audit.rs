use crate::bank::Bank;
use crate::state;
use gochan::prelude::*;

impl Bank {
    pub fn audit(&self) -> i64 {
        let journal = self.journal.lock();
        println!("{} entries", journal.len());
        self.accounts.lock().iter().sum()
    }

    /// The lock is taken again two calls and a file further.
    pub fn close_books(&self) {
        let journal = self.journal.lock();
        println!("{}", journal.len());
        self.note("closed"); //~ double_lock
    }
}

pub fn quiet() {
    let mut log = state::LOG.lock();
    log.clear();
    *state::LEVEL.lock() = 0;
}
