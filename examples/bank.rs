//! A bank whose accounts are locked one by one, and its list of accounts for many readers.
//!
//! ```text
//! $ cargo run --bin bank
//! 8 clerks made 8000 transfers
//! ann, bob, cat and dan have 4000 together
//! nobody went below zero
//! after eve came there are 5 accounts and 4000 in them
//! ```
//!
//! A transfer locks two accounts. If one clerk locked ann's and then bob's while another locked bob's and then ann's,
//! both could wait for ever; so everybody locks in the order of the names. The list is an `RwLock`: clerks read it
//! side by side, and only opening an account keeps them out.

use std::sync::Arc;

use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

struct Account {
    name: &'static str,
    balance: Mutex<i64>,
}

#[derive(Clone)]
struct Bank {
    accounts: Arc<RwLock<Vec<Arc<Account>>>>,
}

impl Bank {
    fn new() -> Bank {
        Bank { accounts: Arc::default() }
    }

    fn open(&self, name: &'static str, balance: i64) {
        let mut accounts = self.accounts.write();
        accounts.push(Arc::new(Account { name, balance: Mutex::new(balance) }));
        // The order in which locks are taken.
        accounts.sort_by_key(|account| account.name);
    }

    /// Moves as much as there is, up to `amount`.
    fn transfer(&self, from: usize, to: usize, amount: i64) {
        let (from, to) = {
            let accounts = self.accounts.read();
            (accounts[from].clone(), accounts[to].clone())
        };
        let (mut source, mut target);
        if from.name < to.name {
            source = from.balance.lock();
            target = to.balance.lock();
        } else {
            target = to.balance.lock();
            source = from.balance.lock();
        }
        let amount = amount.min(*source);
        *source -= amount;
        *target += amount;
    }

    fn names(&self) -> Vec<&'static str> {
        self.accounts.read().iter().map(|account| account.name).collect()
    }

    fn balances(&self) -> Vec<i64> {
        self.accounts.read().iter().map(|account| *account.balance.lock()).collect()
    }
}

#[gochan::main]
fn main() {
    const CLERKS: usize = 8;
    const TRANSFERS: usize = 1000;

    let bank = Bank::new();
    ["dan", "ann", "cat", "bob"].into_iter().for_each(|name| bank.open(name, 1000));

    let wg = WaitGroup::new();
    for clerk in 0..CLERKS {
        let bank = bank.clone();
        wg.go(move || {
            for turn in 0..TRANSFERS {
                let from = (clerk + turn) % 4;
                // Never to the same account.
                let to = (from + 1 + turn % 3) % 4;
                bank.transfer(from, to, (turn % 97) as i64);
            }
        });
    }
    wg.wait();

    let balances = bank.balances();
    println!("{CLERKS} clerks made {} transfers", CLERKS * TRANSFERS);
    let names = bank.names();
    let (last, others) = names.split_last().expect("there are accounts");
    println!("{} and {last} have {} together", others.join(", "), balances.iter().sum::<i64>());
    if balances.iter().all(|&balance| balance >= 0) {
        println!("nobody went below zero");
    }

    bank.open("eve", 0);
    bank.transfer(0, 4, 100);
    println!(
        "after eve came there are {} accounts and {} in them",
        bank.names().len(),
        bank.balances().iter().sum::<i64>()
    );
}
