//! Two parts of a program that lock the same things from both ends.

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
        let history = self.history.lock();
        let balance = self.balance.lock(); //~ lock_order
        history.iter().sum::<i64>() == *balance
    }
}

struct Registry { by_id: RwLock<HashMap<u64, String>>, by_name: RwLock<HashMap<String, u64>> }

impl Registry {
    fn insert(&self, id: u64, name: &str) {
        let mut ids = self.by_id.write();
        let mut names = self.by_name.write();
        ids.insert(id, name.to_owned());
        names.insert(name.to_owned(), id);
    }

    fn rename(&self, old: &str, new: &str) {
        let mut names = self.by_name.write();
        if let Some(id) = names.remove(old) {
            self.by_id.write().insert(id, new.to_owned()); //~ lock_order
            names.insert(new.to_owned(), id);
        }
    }
}

struct Scheduler { queue: Mutex<Vec<Job>>, workers: Mutex<Vec<Worker>> }

impl Scheduler {
    fn submit(&self, job: Job) {
        let mut queue = self.queue.lock();
        queue.push(job);
        self.wake();
    }

    fn wake(&self) {
        for worker in self.workers.lock().iter_mut() { worker.wake(); }
    }

    fn resize(&self, count: usize) {
        let mut workers = self.workers.lock();
        workers.truncate(count);
        if workers.is_empty() { self.queue.lock().clear(); } //~ lock_order
    }
}

static CONFIG: RwLock<Config> = RwLock::new(Config::new());
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn reload() {
    let mut config = CONFIG.write();
    *config = Config::read();
    LOG.lock().push("reloaded".to_owned());
}

fn flush() {
    let mut log = LOG.lock();
    let level = CONFIG.read().level; //~ lock_order
    log.retain(|line| line.len() > level);
}

struct Game { board: Arc<Mutex<Board>>, score: Arc<Mutex<u32>> }

impl Game {
    fn play(&self, at: usize) {
        let mut board = self.board.lock();
        let mut score = self.score.lock();
        *score += board.set(at);
    }

    fn reset(&self) {
        let mut score = self.score.lock();
        *score = 0;
        *self.board.lock() = Board::default(); //~ lock_order
    }
}

fn transfer(from: &Mutex<i64>, to: &Mutex<i64>) {
    let (from, to) = (from.clone(), to.clone());
    go!({
        let mut source = from.lock();
        let mut target = to.lock();
        *source -= 1;
        *target += 1;
    });
    let target = to.lock();
    let source = from.lock(); //~ lock_order
    println!("{}", *source + *target);
}
