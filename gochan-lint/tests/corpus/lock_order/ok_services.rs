//! The same programs with one order, or one lock at a time.

use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};
use std::collections::HashMap;

struct Account { balance: Mutex<i64>, history: Mutex<Vec<i64>> }

impl Account {
    fn deposit(&self, amount: i64) {
        let mut balance = self.balance.lock();
        *balance += amount;
        self.history.lock().push(amount);
    }

    fn audit(&self) -> bool {
        let balance = self.balance.lock();
        let history = self.history.lock();
        history.iter().sum::<i64>() == *balance
    }

    fn last(&self) -> Option<i64> {
        let history = self.history.lock();
        let last = history.last().copied();
        drop(history);
        last.or_else(|| Some(*self.balance.lock()))
    }
}

struct Registry { by_id: RwLock<HashMap<u64, String>>, by_name: RwLock<HashMap<String, u64>> }

impl Registry {
    fn insert(&self, id: u64, name: &str) {
        self.by_id.write().insert(id, name.to_owned());
        self.by_name.write().insert(name.to_owned(), id);
    }

    fn rename(&self, old: &str, new: &str) {
        let Some(id) = self.by_name.write().remove(old) else { return };
        self.by_id.write().insert(id, new.to_owned());
        self.by_name.write().insert(new.to_owned(), id);
    }
}

/// A lock that is only tried waits for nobody.
struct Pair { a: Mutex<u32>, b: Mutex<u32> }

impl Pair {
    fn up(&self) -> u32 {
        let a = self.a.lock();
        let b = self.b.lock();
        *a + *b
    }

    fn down(&self) -> Option<u32> {
        let b = self.b.lock();
        let a = self.a.try_lock()?;
        Some(*a + *b)
    }
}

/// Two structures with fields of one name.
struct Left { first: Mutex<u32>, second: Mutex<u32> }
struct Right { first: Mutex<u32>, second: Mutex<u32> }

fn left(pair: &Left) { let first = pair.first.lock(); *pair.second.lock() += *first; }
fn right(pair: &Right) { let second = pair.second.lock(); *pair.first.lock() += *second; }
