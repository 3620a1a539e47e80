//! After bugs of Go programs: locks.
use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;

/// A lock is held while a status is sent, and the receiver needs the lock.
struct StatusManager {
    statuses: RwLock<HashMap<u32, u32>>,
    channel: Chan<u32>,
}
impl StatusManager {
    fn start(self: Arc<Self>) {
        go!({
            loop {
                self.sync_batch();
            }
        });
    }
    fn sync_batch(&self) {
        let pod = recv!(self.channel);
        self.delete(pod);
    }
    fn delete(&self, pod: u32) {
        self.statuses.write().remove(&pod);
    }
    fn set(&self, pod: u32) {
        let mut statuses = self.statuses.write();
        statuses.insert(pod, 1);
        send!(self.channel <- pod); //~ guard_across_blocking
    }
}
/// A distributor sends under the lock that a watcher needs to stop.
struct Mux {
    lock: Mutex<HashMap<u32, Arc<Watcher>>>,
    incoming: Chan<u32>,
}
struct Watcher {
    result: Chan<u32>,
    mux: Arc<Mux>,
    id: u32,
}
impl Mux {
    fn distribute(&self, event: u32) {
        let watchers = self.lock.lock();
        for watcher in watchers.values() {
            send!(watcher.result <- event); //~ guard_across_blocking
        }
    }
    fn run(&self) {
        for event in &self.incoming {
            self.distribute(event);
        }
    }
}
impl Watcher {
    fn stop(&self) {
        self.mux.lock.lock().remove(&self.id);
        close!(self.result);
    }
}
/// A read lock in a read lock, with a writer.
struct Store {
    mu: RwLock<u32>,
}
impl Store {
    fn status(&self) -> u32 {
        let mu = self.mu.read();
        *mu + self.raft_status() //~ recursive_read
    }
    fn raft_status(&self) -> u32 {
        *self.mu.read()
    }
    fn process(&self) {
        *self.mu.write() += 1;
    }
}
/// A function that is called with the lock takes it again.
struct Gossip {
    mu: Mutex<bool>,
    closed: bool,
}
impl Gossip {
    fn bootstrap(&self) {
        let mu = self.mu.lock();
        if self.closed {
            return;
        }
        println!("{mu}");
        self.manage(); //~ double_lock
    }
    fn manage(&self) {
        *self.mu.lock() = true;
    }
}
/// Two structures that lock each other.
struct LeaseState {
    mu: Mutex<u32>,
}
struct LeaseSet {
    mu: Mutex<Vec<u32>>,
    state: Arc<LeaseState>,
}
impl LeaseSet {
    fn release(&self) {
        let set = self.mu.lock();
        *self.state.mu.lock() += set.len() as u32;
    }
}
fn purge(state: &LeaseState, set: &LeaseSet) {
    let mut old = state.mu.lock();
    *old += set.mu.lock().len() as u32; //~ lock_order
}
/// The lock of a container while its daemon is asked.
struct Container {
    state: Mutex<u32>,
    daemon: Arc<Daemon>,
}
struct Daemon {
    events: Chan<u32>,
    containers: Mutex<Vec<Arc<Container>>>,
}
impl Container {
    fn health_check(&self) {
        let state = self.state.lock();
        self.daemon.log(*state); //~ guard_across_blocking
    }
}
impl Daemon {
    fn log(&self, event: u32) {
        send!(self.events <- event);
    }
    fn list(&self) -> usize {
        self.containers.lock().iter().filter(|container| *container.state.lock() > 0).count()
    }
}
/// A token is taken under a lock, by a keeper that may be full.
struct Tokens {
    mu: Mutex<HashMap<String, u32>>,
    add: Chan<String>,
}
impl Tokens {
    fn assign(&self, user: &str) {
        let mut tokens = self.mu.lock();
        tokens.insert(user.to_owned(), 1);
        select! { //~ guard_across_blocking single_arm_select
            self.add <- user.to_owned() => {}
        }
    }
    fn expire(&self) {
        for user in &self.add {
            self.mu.lock().remove(&user);
        }
    }
}
/// A write lock in a read lock.
struct Template {
    lock: RwLock<Vec<String>>,
}
impl Template {
    fn lookup(&self, name: &str) -> usize {
        let names = self.lock.read();
        match names.iter().position(|known| known == name) {
            Some(index) => index,
            None => self.add(name), //~ double_lock
        }
    }
    fn add(&self, name: &str) -> usize {
        let mut names = self.lock.write();
        names.push(name.to_owned());
        names.len()
    }
}
/// A group is waited for under a lock that its goroutines need.
fn drains(total: &Arc<Mutex<u32>>) {
    let wg = WaitGroup::new();
    let guard = total.lock();
    for _ in 0..2 {
        wg.add(1);
        go!([wg, total] {
            defer!(wg.done());
            *total.lock() += 1;
        });
    }
    wg.wait(); //~ guard_across_blocking
    drop(guard);
}
