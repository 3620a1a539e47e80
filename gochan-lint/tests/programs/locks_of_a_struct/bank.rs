use crate::state::{LOG, LEVEL};
use gochan::sync::Mutex;

pub struct Bank {
    pub accounts: Mutex<Vec<i64>>,
    pub journal: Mutex<Vec<String>>,
}

impl Bank {
    pub fn pay(&self, from: usize, to: usize) {
        let mut accounts = self.accounts.lock();
        accounts.swap(from, to);
        self.note("paid"); //~ lock_order
    }

    pub fn note(&self, text: &str) {
        self.journal.lock().push(text.to_owned());
    }

    pub fn verbose(&self) {
        let mut level = LEVEL.lock();
        *level += 1;
        LOG.lock().push("verbose".to_owned()); //~ lock_order
    }
}
