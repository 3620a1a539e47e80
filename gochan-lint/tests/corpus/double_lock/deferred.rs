use gochan::prelude::*;
use gochan::sync::Mutex;
use std::sync::Arc;

static LOG: Mutex<u8> = Mutex::new(0);

struct State {
    total: Mutex<u32>,
}

impl State {
    fn bump(&self) {
        *self.total.lock() += 1;
    }
}

fn while_the_guard_lives() {
    let _log = LOG.lock();
    defer!({ //~ double_lock
        let _again = LOG.lock();
    });
    println!();
}

fn through_a_method(state: Arc<State>) {
    let total = state.total.lock();
    defer!(state.bump()); //~ double_lock
    println!("{total}");
}
