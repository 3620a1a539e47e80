//! Right programs: locks, once, order.
use gochan::prelude::*;
use gochan::sync::{Lazy, Mutex, MutexGuard, OnceCell, RwLock};
use std::collections::HashMap;
use std::sync::Arc;

struct Account {
    id: u32,
    balance: Mutex<i64>,
}
/// The order of the ids.
fn transfer(from: &Account, to: &Account, amount: i64) {
    let (first, second) = if from.id < to.id { (from, to) } else { (to, from) };
    let mut one = first.balance.lock();
    let mut other = second.balance.lock();
    let sign = if from.id < to.id { 1 } else { -1 };
    *one -= sign * amount;
    *other += sign * amount;
}
struct Registry {
    names: RwLock<HashMap<String, u32>>,
    next: Mutex<u32>,
    events: Chan<String>,
}
impl Registry {
    fn register(&self, name: &str) -> u32 {
        let id = {
            let mut next = self.next.lock();
            *next += 1;
            *next
        };
        self.names.write().insert(name.to_owned(), id);
        send!(self.events <- name.to_owned());
        id
    }
    fn ensure(&self, name: &str) -> u32 {
        let known = self.names.read().get(name).copied();
        match known {
            Some(id) => id,
            None => self.register(name),
        }
    }
    fn rename(&self, old: &str, new: &str) {
        let mut names = self.names.write();
        if let Some(id) = names.remove(old) {
            names.insert(new.to_owned(), id);
        }
        drop(names);
        send!(self.events <- new.to_owned());
    }
    fn snapshot(&self) -> Vec<String> {
        self.names.read().keys().cloned().collect()
    }
    fn announce_all(&self) {
        for name in self.snapshot() {
            send!(self.events <- name);
        }
    }
    fn locked(&self) -> MutexGuard<'_, u32> {
        self.next.lock()
    }
    fn bump(&self) {
        *self.locked() += 1;
        *self.locked() += 1;
    }
    fn swap(&self) {
        let mut guard = self.locked();
        *guard += 1;
        drop(guard);
        guard = self.locked();
        *guard += 1;
    }
    fn tries(&self) -> Option<u32> {
        let guard = self.next.try_lock()?;
        Some(*guard)
    }
    fn in_a_match(&self, n: u32) {
        match n {
            0 => {
                *self.next.lock() = 0;
            }
            _ => {
                let next = *self.next.lock();
                *self.next.lock() = next + n;
            }
        }
    }
    fn in_a_loop(&self) {
        loop {
            let next = self.next.lock();
            if *next > 10 {
                break;
            }
            drop(next);
            gochan::time::sleep(std::time::Duration::from_millis(1));
        }
        *self.next.lock() = 0;
    }
    fn moved_into_a_function(&self) {
        let guard = self.next.lock();
        consume(guard);
        let again = self.next.lock();
        println!("{again}");
    }
}
fn consume(guard: MutexGuard<'_, u32>) {
    println!("{guard}");
}
static CONFIG: Lazy<HashMap<String, String>> = Lazy::new(HashMap::new);
static CELL: OnceCell<Registry> = OnceCell::new();
fn configured(key: &str) -> Option<&'static String> {
    CONFIG.get(key)
}
fn registry() -> &'static Registry {
    CELL.get_or_init(|| Registry {
        names: RwLock::new(HashMap::new()),
        next: Mutex::new(0),
        events: chan!(String, 16),
    })
}
fn logs() {
    go!({
        for name in &registry().events {
            println!("{name}");
        }
    });
    registry().register("a");
}
/// One lock for each shard.
struct Shards {
    shards: Vec<Mutex<HashMap<u64, u32>>>,
}
impl Shards {
    fn total(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
    fn moved(&self, from: usize, to: usize, key: u64) {
        let value = self.shards[from].lock().remove(&key);
        if let Some(value) = value {
            self.shards[to].lock().insert(key, value);
        }
    }
}
fn counted(list: Vec<u32>) -> u32 {
    let total = Arc::new(Mutex::new(0));
    let wg = WaitGroup::new();
    for n in list {
        let total = total.clone();
        wg.go(move || *total.lock() += n);
    }
    wg.wait();
    let sum = *total.lock();
    sum
}
struct Draining {
    state: Mutex<bool>,
    tasks: WaitGroup,
}
impl Draining {
    fn begin(&self) -> bool {
        let draining = self.state.lock();
        if *draining {
            return false;
        }
        self.tasks.add(1);
        true
    }
    fn handle(self: Arc<Self>) {
        go!({
            if self.begin() {
                defer!(self.tasks.done());
                println!("works");
            }
        });
    }
    fn drain(&self) {
        *self.state.lock() = true;
        self.tasks.wait();
    }
}
