use gochan::prelude::*;
use std::sync::{Mutex, MutexGuard, RwLockReadGuard};

struct Hub { state: Mutex<Vec<u32>>, input: Receiver<u32> }

impl Hub {
    fn state(&self) -> MutexGuard<'_, Vec<u32>> { self.state.lock().unwrap() }
    fn takes(&self) {
        let mut state = self.state();
        state.push(recv!(self.input)); //~ guard_across_blocking
    }
    fn dropped(&self) {
        let mut state = self.state();
        state.push(1);
        drop(state);
        self.input.recv();
    }
    fn scoped(&self) {
        { self.state().push(1); }
        self.input.recv();
    }
}
fn param(mut list: MutexGuard<'_, Vec<u32>>, input: &Receiver<u32>) {
    list.push(recv!(input)); //~ guard_across_blocking
}
fn borrowed(list: &RwLockReadGuard<'_, Vec<u32>>, output: &Sender<u32>) {
    for n in list.iter() { send!(output <- *n); } //~ guard_across_blocking
}
fn by_path(list: parking_lot::MutexGuard<'_, Vec<u32>>, output: &Sender<u32>) {
    output.send(list.len() as u32).unwrap(); //~ guard_across_blocking
}
fn given_back(list: MutexGuard<'_, Vec<u32>>, input: &Receiver<u32>) {
    drop(list);
    input.recv();
}
fn of_tokio(list: tokio::sync::MutexGuard<'_, Vec<u32>>, input: &Receiver<u32>) {
    work(list.len(), input.recv());
}
